using TransactionPipeline.Contract.History.Rules;

namespace TransactionPipeline.Contract.History;

/// <summary>Judges histories by the rules of the cache contract, each of which is a class in <c>Rules</c>.</summary>
public static class ContractChecker
{
    private static readonly IRule[] All =
    [
        new AgeIsHonest(),
        new AgeWithinBound(),
        new AnsweredInGoodTime(),
        new BytesWithinBudget(),
        new DataAsOfIsHonest(),
        new EveryQuestionIsAnswered(),
        new MarkedWhenFailed(),
        new NoEmptyAnswerByFailure(),
        new NoErrorWhileLastGood(),
        new NoErrorWithoutFailure(),
        new NothingIsWatchedForNobody(),
        new OneQueryPerChange(),
        new OneVersionOneContent(),
        new RefusedIsNotKept(),
        new RevalidatedMeansChecked(),
        new RowsAreTheMarts(),
        new RowsNeverGoBack(),
        new TagIsNeverUndercut(),
        new VersionsNeverGoBack(),
    ];

    /// <summary>The rules' names.</summary>
    public static IReadOnlyList<string> Rules { get; } = [.. All.Select(rule => rule.GetType().Name)];

    /// <summary>Every breach of a rule; none for a history that keeps the contract.</summary>
    /// <param name="history">What happened, in the order of time.</param>
    /// <param name="terms">What was promised.</param>
    public static IReadOnlyList<Violation> Judge(IReadOnlyList<HistoryEvent> history, Terms terms)
    {
        var indexed = new IndexedHistory(history, terms);
        var violations = new List<Violation>();
        foreach (var rule in All)
        {
            foreach (var (at, why) in rule.Breaches(indexed)) violations.Add(new(rule.GetType().Name, at, why));
        }
        return violations;
    }
}
