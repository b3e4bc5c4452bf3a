namespace TransactionPipeline.Core.Cache;

/// <summary>A snapshot and how it came to be served.</summary>
/// <param name="Snapshot">The rows and their age.</param>
/// <param name="Result">How it came.</param>
/// <param name="Error">With <see cref="CacheResult.StaleOnError"/>: what the mart's failure said; else null.</param>
public readonly record struct CachedAnswer(Snapshot Snapshot, CacheResult Result, string? Error = null);

/// <summary>How an answer came to be served.</summary>
public enum CacheResult
{
    /// <summary>Fresh, from memory.</summary>
    Hit,

    /// <summary>Past fresh_for, within stale_for: served at once, a refresh runs behind it.</summary>
    Stale,

    /// <summary>The caller waited; the mart said that nothing had changed.</summary>
    Revalidated,

    /// <summary>The caller waited for a query.</summary>
    Miss,

    /// <summary>The mart failed; this is the last good answer.</summary>
    StaleOnError,
}
