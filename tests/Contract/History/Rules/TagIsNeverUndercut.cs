namespace TransactionPipeline.Contract.History.Rules;

/// <summary>Who names a version with If-None-Match, at whatever process, is not given an older one; 304 is the version that was named.</summary>
internal sealed class TagIsNeverUndercut : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.Asked.IfNoneMatch is { } seen && exchange.Answer.Version is { } given && given.IsBefore(seen))
                yield return (exchange.Answer, $"is older than {seen}, which its caller has");
            if (exchange.Answer.Status == 304 && exchange.Answer.Version != exchange.Asked.IfNoneMatch)
                yield return (exchange.Answer, "is not what its caller named");
        }
    }
}
