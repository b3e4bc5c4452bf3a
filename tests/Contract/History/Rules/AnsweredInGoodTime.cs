namespace TransactionPipeline.Contract.History.Rules;

/// <summary>
/// Whoever asks a mart that is well is answered in good time: at once where nothing else fails, so that what a store or a process has held
/// up is free again as soon as that is over; and while the store is away, as soon as that is known.
/// </summary>
internal sealed class AnsweredInGoodTime : IRule
{
    // A store that hangs holds up a statement for five seconds: one of the process that is asked, and one of the key's owner.
    private static readonly TimeSpan GoodTime = TimeSpan.FromSeconds(4), WithoutStore = TimeSpan.FromSeconds(12), Settling = TimeSpan.FromSeconds(1);

    // What may hold everybody up, and what a lease may outlive.
    private static readonly FaultKind[] Slow =
    [
        FaultKind.MartSlow, FaultKind.MartFails, FaultKind.BudgetSpent, FaultKind.StoreSlow, FaultKind.StoreRestored, FaultKind.ProcessFrozen,
        FaultKind.CallsLost, FaultKind.CallsLate, FaultKind.ClockJumped,
    ];

    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.Took <= GoodTime) continue;
            var (from, to) = (exchange.Asked.At, exchange.Answer.At);
            if (history.HasFault(from - WithoutStore, to, Slow) || history.HasFault(from - Settling, to, FaultKind.ProcessKilled)) continue;
            var bound = history.HasFault(from - Settling, to, FaultKind.StoreDown, FaultKind.StoreReadOnly) ? WithoutStore : GoodTime;
            if (exchange.Took > bound) yield return (exchange.Answer, $"took {exchange.Took.TotalSeconds:F3} s");
        }
    }
}
