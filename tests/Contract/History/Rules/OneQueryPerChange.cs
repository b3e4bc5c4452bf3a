namespace TransactionPipeline.Contract.History.Rules;

/// <summary>
/// At most one query for each key and change, while nothing fails. A query belongs to the change token that was read before it, and after
/// the query before it had ended: so between that end and the beginning of the next query there is a change.
/// </summary>
internal sealed class OneQueryPerChange : IRule
{
    // What may cost a query more: who died or was cut off at work, and what cannot be known any more.
    private static readonly FaultKind[] Costly =
    [
        FaultKind.MartFails, FaultKind.BudgetSpent, FaultKind.TokenBeforeRows, FaultKind.MartWentBack, FaultKind.StoreDown, FaultKind.StoreSlow,
        FaultKind.StoreReadOnly, FaultKind.StoreRestored, FaultKind.ProcessKilled, FaultKind.ProcessFrozen, FaultKind.ClockJumped,
    ];

    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        if (history.Drops.Count > 0 || history.HasFault(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, Costly)) yield break;
        foreach (var (key, queries) in history.Queries)
        {
            // Nobody looks at a month before somebody asks for it.
            var lastEnd = history.Asked.First(asked => asked.Key.Month == key.Month).At;
            Query? last = null;
            foreach (var query in queries.Where(query => query.Ended.Succeeded).OrderBy(query => query.Began.At))
            {
                if (last is not null)
                {
                    if (!history.HasNewToken(key.Month, lastEnd, query.Began.At))
                        yield return (query.Began, $"reads {key} again, unchanged since the query of {last.Began.At:HH:mm:ss.fff}");
                    lastEnd = last.Ended.At;
                }
                last = query;
            }
        }
    }
}
