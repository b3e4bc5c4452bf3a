namespace TransactionPipeline.Contract.History.Rules;

/// <summary>No answer is older than its bound, nor than its caller takes, unless it is marked; and none that is marked is older than the bound of that.</summary>
internal sealed class AgeWithinBound : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        if (!history.Terms.JudgesAges) yield break;
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.Answer.Origin is not { } origin || exchange.Answer.Age is not { } age) continue;
            var bound = BoundOf(origin, history.Terms);
            if (origin != AnswerOrigin.StaleIfError && exchange.Asked.MaxAge is { } limit)
            {
                if (limit == TimeSpan.Zero && origin is AnswerOrigin.Hit or AnswerOrigin.Stale) yield return (exchange.Answer, "was not checked, as its caller asked");
                if (limit < bound) bound = limit;
            }
            // It was young enough when it was asked for.
            bound += exchange.Took + history.Terms.ClockSkew;
            // What an owner has checked is told to be older than it is: by its way, and by as long as the refresh ran that the caller joined.
            if (origin is AnswerOrigin.Revalidated or AnswerOrigin.Miss) bound *= 2;
            if (age > bound) yield return (exchange.Answer, $"is {age.TotalSeconds:F3} s old, more than the {bound.TotalSeconds:F3} s that it may be");
        }
    }

    private static TimeSpan BoundOf(AnswerOrigin origin, Terms terms) => origin switch
    {
        AnswerOrigin.Stale => terms.FreshFor + terms.StaleFor,
        AnswerOrigin.StaleIfError => terms.MaxStaleOnError,
        _ => terms.FreshFor,
    };
}
