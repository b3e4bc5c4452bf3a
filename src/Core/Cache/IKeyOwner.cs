namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The seam between the hosts and the cache: who owns a query key and refreshes it. In one process it is
/// <see cref="KeyTable"/>; in a cluster of silos it is the key's grain. Both run a <see cref="CachedQuery"/>.
/// </summary>
public interface IKeyOwner
{
    /// <summary>The cached answer for <paramref name="key"/>, refreshed as far as <paramref name="demand"/> asks.</summary>
    /// <param name="key">What is asked.</param>
    /// <param name="demand">How fresh it must be; <see cref="CacheDemand.Default"/> when the caller said nothing.</param>
    /// <param name="cancellationToken">
    /// Stops the waiting of this caller, never a refresh that others wait for; one that nobody waits for any more is given up.
    /// </param>
    /// <exception cref="Marts.MartException">The mart failed and no snapshot may be served.</exception>
    /// <exception cref="NotCachedException">The demand was only-if-cached and nothing suitable is cached.</exception>
    ValueTask<CachedAnswer> GetAsync(QueryKey key, CacheDemand demand, CancellationToken cancellationToken);

    /// <summary>Drops the key's snapshot from memory and from the shared store. False when there was none.</summary>
    /// <exception cref="DropIncompleteException">It is dropped, but another process may still have it in memory.</exception>
    Task<bool> DropAsync(QueryKey key, CancellationToken cancellationToken);

    /// <summary>What is held here and how it is used, for operators.</summary>
    IReadOnlyList<KeyStatus> List();
}
