namespace TransactionPipeline.Contract.History.Rules;

/// <summary>Only a mart that fails makes an error, and only <c>only-if-cached</c> an answer that nothing is cached.</summary>
internal sealed class NoErrorWithoutFailure : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.IsError
                && !history.HasFault(
                    exchange.Asked.Key.Month.Mart, exchange.Asked.At - history.Terms.Aftermath, exchange.Answer.At, FaultKind.MartFails, FaultKind.BudgetSpent))
                yield return (exchange.Answer, $"is a {exchange.Answer.Status}, and no mart has failed");
        }
    }
}
