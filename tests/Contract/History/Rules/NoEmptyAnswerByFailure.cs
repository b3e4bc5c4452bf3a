namespace TransactionPipeline.Contract.History.Rules;

/// <summary>An answer without rows is one of a mart that has none, never of one that failed.</summary>
internal sealed class NoEmptyAnswerByFailure : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.Answer.Status == 200 && exchange.Content is "" && exchange.State < 0) yield return (exchange.Answer, "is empty, which the mart was not");
        }
    }
}
