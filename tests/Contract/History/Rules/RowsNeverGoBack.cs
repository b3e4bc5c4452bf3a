namespace TransactionPipeline.Contract.History.Rules;

/// <summary>
/// One client that asks one process again is not given rows that the mart had before those that it was given, whatever their version. The
/// same exceptions as for versions; and not in a month of whose changes nobody could know.
/// </summary>
internal sealed class RowsNeverGoBack : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        if (history.MayLoseAllCopies) yield break;
        // The newest state that each had for certain by the time of each answer.
        var had = new Dictionary<(string Client, string Process, AnswerKey), List<(DateTimeOffset At, int Newest)>>();
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.State < 0 || exchange.Answer.Age is null || !history.MonthOf(exchange.Asked.Key).AllAreTold) continue;
            var by = (exchange.Asked.Client, exchange.Asked.Process, exchange.Asked.Key);
            if (!had.TryGetValue(by, out var newest)) had[by] = newest = [];
            var before = newest.FindLastIndex(one => one.At < exchange.Asked.At);
            if (before >= 0 && exchange.State < newest[before].Newest)
                yield return (exchange.Answer, $"has older rows than the same client had here at {newest[before].At:HH:mm:ss.fff} or before");
            var state = history.MonthOf(exchange.Asked.Key).OldestWith(exchange.Asked.Key.Prefix, exchange.Content!);
            newest.Add((exchange.Answer.At, newest.Count > 0 ? Math.Max(state, newest[^1].Newest) : state));
        }
    }
}
