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
        foreach (var key in history.Exchanges.Where(exchange => exchange.IsError).Select(exchange => exchange.Asked.Key).Distinct())
        {
            var exchanges = history.ExchangesOf(key);
            for (var i = 0; i < exchanges.Count; i++)
            {
                var failed = exchanges[i];
                if (!failed.IsError) continue;
                // Those that came longer ago than an answer may be old are too old whatever their age was.
                for (var j = i - 1; j >= 0 && failed.Answer.At - exchanges[j].Answer.At <= history.Terms.MaxStaleOnError; j--)
                {
                    if (!MayBeServed(exchanges[j], failed, history)) continue;
                    yield return (failed.Answer, $"is an error, and {exchanges[j].Answer.Version} may be served");
                    break;
                }
            }
        }
    }

    private static bool MayBeServed(Exchange last, Exchange failed, IndexedHistory history)
    {
        if (last.Answer.Status != 200 || last.Answer.Version is not { } version || last.Answer.Age is not { } age || last.Answer.At >= failed.Asked.At) return false;
        if (failed.Asked.IfNoneMatch is { } seen && version.IsBefore(seen)) return false;
        var isHeldHere = last.Asked.Process == failed.Asked.Process && !history.Terms.MayEvict;
        var oldest = history.Terms.MaxStaleOnError - history.Terms.ClockSkew - (isHeldHere ? TimeSpan.Zero : history.Terms.StoreLag);
        if (failed.Answer.At - (last.Answer.WrittenAt - age - history.Terms.AgeStep) > oldest) return false;
        // A drop may take its time.
        if (history.Drops.Any(drop => drop.Key == last.Asked.Key && drop.At >= last.Asked.At - history.Terms.Aftermath && drop.At <= failed.Answer.At)) return false;
        return isHeldHere
            || !history.HasFault(
                last.Asked.At - history.Terms.Aftermath, failed.Answer.At,
                FaultKind.StoreDown, FaultKind.StoreSlow, FaultKind.StoreReadOnly, FaultKind.StoreRestored);
    }
}
