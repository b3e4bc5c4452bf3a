namespace TransactionPipeline.Contract.History.Rules;

/// <summary>
/// What is told to be revalidated, or a miss, was checked no earlier than its caller asked for: it never serves rows that the change token
/// of that time contradicts.
/// </summary>
internal sealed class RevalidatedMeansChecked : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        if (!history.Terms.JudgesAges) yield break;
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.State < 0 || exchange.Answer.Origin is not (AnswerOrigin.Revalidated or AnswerOrigin.Miss)) continue;
            var oldest = exchange.Asked.MaxAge is { } limit && limit < history.Terms.FreshFor ? limit : history.Terms.FreshFor;
            var month = history.MonthOf(exchange.Asked.Key);
            if (month.NewestBefore(exchange.Asked.At - oldest - history.Terms.ClockSkew) > exchange.State)
                yield return (exchange.Answer, $"is told to be checked, and has not the change of {month.Changes[exchange.State + 1].At:HH:mm:ss.fff}");
        }
    }
}
