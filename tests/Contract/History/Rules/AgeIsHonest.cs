namespace TransactionPipeline.Contract.History.Rules;

/// <summary>An answer that says it is of age a at time t holds every change committed before t - a, less the clocks' skew.</summary>
internal sealed class AgeIsHonest : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        if (!history.Terms.JudgesAges) yield break;
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.State < 0 || exchange.Answer.Age is not { } age) continue;
            var month = history.MonthOf(exchange.Asked.Key);
            var owed = month.NewestBefore(exchange.Answer.WrittenAt - age - history.Terms.AgeStep - history.Terms.ClockSkew);
            if (owed > exchange.State)
                yield return (exchange.Answer, $"says it is {age.TotalSeconds:F3} s old, and has not the change of {month.Changes[exchange.State + 1].At:HH:mm:ss.fff}");
        }
    }
}
