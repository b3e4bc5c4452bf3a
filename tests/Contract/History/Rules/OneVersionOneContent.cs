namespace TransactionPipeline.Contract.History.Rules;

/// <summary>One version never has two contents, nor is it the version of two keys.</summary>
internal sealed class OneVersionOneContent : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        var known = new Dictionary<(MartMonth, AnswerVersion), (AnswerKey Key, string Content)>();
        foreach (var exchange in history.Exchanges)
        {
            if (exchange.Answer.Content is not { } content || exchange.Answer.Version is not { } version) continue;
            var (key, before) = (exchange.Asked.Key, (exchange.Asked.Key, content));
            if (!known.TryAdd((key.Month, version), before) && known[(key.Month, version)] is var first && first != before)
                yield return (exchange.Answer, first.Key == key ? $"has other rows than {version} had before" : $"has the version of an answer for {first.Key}");
        }
    }
}
