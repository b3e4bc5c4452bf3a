using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>What a run would have looked like, had one answer been another: each of these has to be found.</summary>
internal static class Falsified
{
    /// <summary>The rule that is broken, and the history that breaks it.</summary>
    public static IEnumerable<(string Rule, IReadOnlyList<HistoryEvent> History)> Of(IReadOnlyList<HistoryEvent> history)
    {
        var asked = history.OfType<Asked>().ToDictionary(one => one.Id);
        // In the middle of the run, from the one that has just had a new version: its answer before had other rows.
        var answers = history.OfType<Answered>().Where(answer => answer.Content is { Length: > 0 } && answer.Origin is not AnswerOrigin.StaleIfError).ToList();
        var (before, after) = answers.Skip(answers.Count / 2)
            .Select(answer => (Before: LastOther(answer), After: answer))
            .First(pair => pair.Before is not null && asked[pair.After.Id].IfNoneMatch is not null);

        yield return ("AgeIsHonest", With(after with { Version = before!.Version, Content = before.Content, Age = TimeSpan.Zero }));
        yield return ("AgeWithinBound", With(after with { Age = after.Age + TimeSpan.FromMinutes(1) }));
        yield return ("EveryQuestionIsAnswered", [.. history.Where(happened => !ReferenceEquals(happened, after))]);
        yield return ("NoErrorWhileLastGood", With(new Answered(after.At, after.Id, 500)));
        yield return ("OneVersionOneContent", With(after with { Version = before.Version }));
        yield return ("RowsAreTheMarts", With(after with { Content = after.Content + "0" }));
        yield return ("TagIsNeverUndercut", With(after with { Version = before.Version, Content = before.Content }));

        // What the same process answered to another question for the same key, with other rows, long enough before.
        Answered? LastOther(Answered answer) => answers.FindLast(other =>
            asked[other.Id].Key == asked[answer.Id].Key && asked[other.Id].Process == asked[answer.Id].Process && other.Content != answer.Content
            && answer.At - other.At is var apart && apart > TimeSpan.FromSeconds(10) && apart < TimeSpan.FromSeconds(30)
            && other.Version!.Value.IsBefore(asked[answer.Id].IfNoneMatch ?? default));

        IReadOnlyList<HistoryEvent> With(Answered other) => [.. history.Select(happened => ReferenceEquals(happened, after) ? other : happened)];
    }
}
