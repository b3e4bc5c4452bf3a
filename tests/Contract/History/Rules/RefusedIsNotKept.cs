namespace TransactionPipeline.Contract.History.Rules;

/// <summary>The fence has the last word: rows whose commit was refused are the answer to no question that was asked after that.</summary>
internal sealed class RefusedIsNotKept : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        foreach (var refused in history.Refused)
        {
            foreach (var exchange in history.ExchangesOf(refused.Key))
            {
                if (exchange.Answer.Version == refused.Version && exchange.Asked.At > refused.At)
                    yield return (exchange.Answer, $"is what the store refused at {refused.At:HH:mm:ss.fff}");
            }
        }
    }
}
