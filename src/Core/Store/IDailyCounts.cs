namespace TransactionPipeline.Core.Store;

/// <summary>
/// Counts that begin anew each day, shared by every process that shares the store. What is counted, and when a day ends, is the caller's.
/// </summary>
public interface IDailyCounts
{
    /// <summary>
    /// Adds <paramref name="amount"/> (below 0 to take some back) to a day's count, unless that would take it above
    /// <paramref name="limit"/>. The look and the addition are one step for everyone. A count never falls below 0.
    /// </summary>
    /// <returns>False when it would; nothing is added then.</returns>
    Task<bool> TryAddAsync(string name, DateOnly day, long amount, long limit, CancellationToken cancellationToken);
}
