namespace TransactionPipeline.Contract.History.Rules;

/// <summary>The mark says that the mart has failed; without a failure there is none.</summary>
internal sealed class MarkedWhenFailed : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.Answer.Origin == AnswerOrigin.StaleIfError
                && !history.HasFault(exchange.Asked.Key.Month.Mart, DateTimeOffset.MinValue, exchange.Answer.At, FaultKind.MartFails, FaultKind.BudgetSpent))
                yield return (exchange.Answer, "is marked, and its mart has not failed");
        }
    }
}
