namespace TransactionPipeline.Contract.History.Rules;

/// <summary>X-Data-As-Of: the rows hold every change committed before it, less the clocks' skew; it is in no future.</summary>
internal sealed class DataAsOfIsHonest : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        if (!history.Terms.JudgesAges) yield break;
        var skew = history.Terms.ClockSkew;
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.State < 0 || exchange.Answer.DataAsOf is not { } asOf) continue;
            var month = history.MonthOf(exchange.Asked.Key);
            if (month.NewestBefore(asOf - skew) > exchange.State)
                yield return (exchange.Answer, $"has not the change of {month.Changes[exchange.State + 1].At:HH:mm:ss.fff}");
            if (asOf > exchange.Answer.At + skew) yield return (exchange.Answer, "is of a time to come");
        }
    }
}
