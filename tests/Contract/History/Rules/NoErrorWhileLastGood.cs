namespace TransactionPipeline.Contract.History.Rules;

/// <summary>
/// No error while a last good answer may be served: one that this process has given before, or that another gave while the shared store,
/// which keeps it for all, was well. A cold start with the store away is no such case.
/// </summary>
internal sealed class NoErrorWhileLastGood : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        if (!history.Terms.JudgesAges) yield break;
        for (var i = 0; i < history.Exchanges.Count; i++)
        {
            var failed = history.Exchanges[i];
            if (!failed.IsError) continue;
            for (var j = i - 1; j >= 0; j--)
            {
                var last = history.Exchanges[j];
                if (last.Asked.Key != failed.Asked.Key || !MayBeServed(last, failed, history)) continue;
                yield return (failed.Answer, $"is an error, and {last.Answer.Version} may be served");
                break;
            }
        }
    }

    private static bool MayBeServed(Exchange last, Exchange failed, IndexedHistory history)
    {
        if (last.Answer.Status != 200 || last.Answer.Version is not { } version || last.Answer.Age is not { } age || last.Answer.At >= failed.Asked.At) return false;
        if (failed.Asked.IfNoneMatch is { } seen && version.IsBefore(seen)) return false;
        var isHeldHere = last.Asked.Process == failed.Asked.Process && !history.Terms.MayEvict;
        var oldest = history.Terms.MaxStaleOnError - history.Terms.ClockSkew - (isHeldHere ? TimeSpan.Zero : history.Terms.StoreLag);
        if (failed.Answer.At - (last.Answer.WrittenAt - age) > oldest) return false;
        // A drop may take its time.
        if (history.Drops.Any(drop => drop.Key == last.Asked.Key && drop.At >= last.Asked.At - history.Terms.Aftermath && drop.At <= failed.Answer.At)) return false;
        return isHeldHere
            || !history.HasFault(
                last.Asked.At - history.Terms.Aftermath, failed.Answer.At,
                FaultKind.StoreDown, FaultKind.StoreSlow, FaultKind.StoreReadOnly, FaultKind.StoreRestored);
    }
}
