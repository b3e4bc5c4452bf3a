namespace TransactionPipeline.Contract.History.Rules;

/// <summary>A rule of the contract.</summary>
internal interface IRule
{
    /// <summary>Where a history breaks it, and why that does.</summary>
    IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history);
}
