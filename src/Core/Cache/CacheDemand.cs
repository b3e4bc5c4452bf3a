namespace TransactionPipeline.Core.Cache;

/// <summary>What a caller asks of the cache: the request directives of RFC 9111 that make sense for a mart's answer.</summary>
/// <param name="MaxAge">The oldest answer the caller takes without waiting; null: the cache's own rule.</param>
/// <param name="OnlyIfCached">Answer from what is held or fail; never ask the mart.</param>
/// <param name="MinVersion">The version the caller has seen already; an older one is not served to it while a newer can be had.</param>
public readonly record struct CacheDemand(TimeSpan? MaxAge, bool OnlyIfCached, SnapshotVersion MinVersion = default)
{
    /// <summary>The cache's own rule.</summary>
    public static CacheDemand Default => default;

    /// <summary><c>no-cache</c>: check with the mart before answering.</summary>
    public static CacheDemand Check => new(TimeSpan.Zero, OnlyIfCached: false);
}
