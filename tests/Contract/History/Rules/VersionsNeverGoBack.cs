namespace TransactionPipeline.Contract.History.Rules;

/// <summary>
/// One client that asks one process again is not given an older version; unless all copies of the newer one are lost, as where it has left
/// memory, or was dropped, and was never stored.
/// </summary>
internal sealed class VersionsNeverGoBack : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        if (history.MayLoseAllCopies) yield break;
        // The highest version that each had by the time of each answer.
        var had = new Dictionary<(string Client, string Process, AnswerKey), List<(DateTimeOffset At, AnswerVersion Highest)>>();
        foreach (var exchange in history.Exchanges)
        {
            // What a client was told to keep, without an age, is its own and nothing that the process has.
            if (exchange.Answer.Version is not { } version || exchange.Answer.Age is null) continue;
            var by = (exchange.Asked.Client, exchange.Asked.Process, exchange.Asked.Key);
            if (!had.TryGetValue(by, out var highest)) had[by] = highest = [];
            // A question that was under way when another was answered may be answered as of before.
            var before = highest.FindLastIndex(one => one.At < exchange.Asked.At);
            if (before >= 0 && version.IsBefore(highest[before].Highest))
                yield return (exchange.Answer, $"is older than {highest[before].Highest}, which the same client had here at {highest[before].At:HH:mm:ss.fff} or before");
            highest.Add((exchange.Answer.At, highest.Count > 0 && version.IsBefore(highest[^1].Highest) ? highest[^1].Highest : version));
        }
    }
}
