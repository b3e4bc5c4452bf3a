using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>What a run would have looked like, had one answer been another: each of these has to be found.</summary>
internal static class Falsified
{
    /// <summary>The rule that is broken, and the history that breaks it.</summary>
    public static IEnumerable<(string Rule, IReadOnlyList<HistoryEvent> History)> Of(IReadOnlyList<HistoryEvent> history)
    {
        var asked = history.OfType<Asked>().ToDictionary(one => one.Id);
        var answers = history.OfType<Answered>().Where(answer => answer.Content is { Length: > 0 } && answer.Origin is not AnswerOrigin.StaleIfError).ToList();
        // One that came at once, with rows that others had seen for a while, and what its process had answered long before.
        var (before, after) = answers.AsEnumerable().Reverse()
            .Where(answer => answer.At - asked[answer.Id].At < TimeSpan.FromSeconds(1) && answers.Exists(other => IsSame(other, answer, 3, 60) && other.Content == answer.Content))
            .Select(answer => (Before: LastOther(answer), After: answer))
            .First(pair => pair.Before is not null);

        yield return ("AgeIsHonest", With(after with { Version = before!.Version, Content = before.Content, Age = TimeSpan.Zero }));
        yield return ("AgeWithinBound", With(after with { Age = after.Age + TimeSpan.FromMinutes(1) }));
        yield return ("EveryQuestionIsAnswered", [.. history.Where(happened => !ReferenceEquals(happened, after))]);
        yield return ("NoErrorWhileLastGood", With(new Answered(after.At, after.Id, 500)));
        yield return ("OneVersionOneContent", With(after with { Version = before.Version }));
        yield return ("RowsAreTheMarts", With(after with { Content = after.Content + "0" }));
        yield return ("TagIsNeverUndercut", With(after with { Version = before.Version, Content = before.Content }));

        Answered? LastOther(Answered answer) => answers.FindLast(other =>
            IsSame(other, answer, 10, 30) && other.Content != answer.Content
            && asked[other.Id].Process == asked[answer.Id].Process && asked[answer.Id].IfNoneMatch is { } seen && other.Version!.Value.IsBefore(seen));

        // To the same question, so many seconds before.
        bool IsSame(Answered other, Answered answer, int least, int most) =>
            asked[other.Id].Key == asked[answer.Id].Key && (answer.At - other.At).TotalSeconds is var apart && apart > least && apart < most;

        IReadOnlyList<HistoryEvent> With(Answered other) => [.. history.Select(happened => ReferenceEquals(happened, after) ? other : happened)];
    }
}
