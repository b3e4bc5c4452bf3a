namespace TransactionPipeline.Contract.History.Rules;

/// <summary>What a process with nothing to do holds in memory is within its budget.</summary>
internal sealed class BytesWithinBudget : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history)
    {
        foreach (var weighed in history.Weighed)
        {
            if (weighed.Bytes > history.Terms.MaxBytes) yield return (weighed, $"holds {weighed.Bytes} bytes, more than {history.Terms.MaxBytes}");
        }
    }
}
