namespace TransactionPipeline.Contract.History.Rules;

/// <summary>What nobody has asked for lately is not looked at any more.</summary>
internal sealed class NothingIsWatchedForNobody : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        // Twice: what one process reads again for its own last question is a question to the owner. And what was asked may have waited.
        var lately = ((history.Terms.FreshFor + history.Terms.StaleFor) * 2) + history.Terms.Aftermath;
        foreach (var watched in history.Watched)
        {
            if (watched.Months > 0 && history.Terms.JudgesAges && !history.Asked.Any(asked => asked.At >= watched.At - lately && asked.At <= watched.At))
                yield return (watched, "watches for nobody");
        }
    }
}
