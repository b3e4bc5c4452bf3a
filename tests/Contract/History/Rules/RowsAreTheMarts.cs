namespace TransactionPipeline.Contract.History.Rules;

/// <summary>An answer's rows are what a direct query would have found at some time until then, all of them and no others.</summary>
internal sealed class RowsAreTheMarts : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.Content is { Length: > 0 } && exchange.State < 0) yield return (exchange.Answer, "has rows that its mart never had");
        }
    }
}
