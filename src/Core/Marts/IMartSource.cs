using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Marts;

/// <summary>
/// The reading side of a mart. An implementation queries one kind of store and nothing else: caching, retries and time-outs
/// are its callers' (<see cref="CachedQuery"/>, <c>GuardedMartSource</c>).
/// </summary>
public interface IMartSource
{
    /// <summary>Where the rows come from, for people: <c>sqlite</c>, <c>postgres</c>, <c>bigquery</c>.</summary>
    string Store { get; }

    /// <summary>
    /// True when asking for a change token costs more than a look into a table of versions: a call to a service, or a pass over the
    /// month's rows. Such a mart is polled at <see cref="CacheOptions.SlowPollSeconds"/>.
    /// </summary>
    bool IsCostlyToPoll => false;

    /// <summary>True when one token stands for all months: a look at one of them is a look at all.</summary>
    bool HasOneToken => false;

    /// <summary>Which database this mart is in. Answers also while that is away, then without an id.</summary>
    Task<StoreIdentity> IdentifyAsync(CancellationToken cancellationToken) => Task.FromResult(new StoreIdentity(Store, "", null));

    /// <summary>
    /// The mart's change token for a month: differs whenever the month's rows may differ. Must be cheap (no billed bytes).
    /// The same token twice means that a query in between would have found the same rows.
    /// </summary>
    /// <exception cref="MartException">The mart could not be asked.</exception>
    Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken);

    /// <summary>All rows of <paramref name="key"/>: the products that start with the key's prefix (ordinal), its month.</summary>
    /// <returns>The complete rows; never a part of them.</returns>
    /// <exception cref="MartException">The mart could not be asked, or the answer broke off.</exception>
    Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken);

    /// <summary>The newest month that has rows; null while the mart is empty.</summary>
    /// <exception cref="MartException">The mart could not be asked.</exception>
    Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken);
}
