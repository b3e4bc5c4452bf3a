using System.Collections.Concurrent;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Watch;

/// <summary>
/// The newest months as this process knows them. While a mart fails, its newest month is the last that was known, and after a restart the
/// newest one that a snapshot with rows is stored for; how old its answer is, the answer itself tells.
/// </summary>
/// <param name="watches">Who is asked.</param>
/// <param name="snapshots">What outlives the process.</param>
/// <param name="options">Ages.</param>
/// <param name="time">The clock.</param>
/// <param name="tasks">Where the asking runs; <see cref="TaskScheduler.Default"/> when it is not told.</param>
public sealed class NewestMonths(
    IReadOnlyDictionary<Mart, IMartWatch> watches, ISnapshotStore snapshots, CacheOptions options, TimeProvider time, TaskScheduler? tasks = null)
    : INewestMonth
{
    private readonly Dictionary<Mart, NewestMonth> _months = watches.ToDictionary(
        watch => watch.Key,
        watch => new NewestMonth(() => watch.Value.FindNewestMonthAsync(CancellationToken.None), options, time, tasks ?? TaskScheduler.Default));

    private readonly ConcurrentDictionary<Mart, LastGood> _lastGood = new();

    /// <inheritdoc/>
    public async ValueTask<Month?> GetAsync(Mart mart, CancellationToken cancellationToken)
    {
        // Not every caller waits for a mart that has failed a moment ago, unless it was heard of since.
        if (_months[mart].Known is null && _lastGood.TryGetValue(mart, out var recent) && time.GetUtcNow() < recent.RetryAt) return recent.Month;
        try
        {
            return (await FindAsync(mart, cancellationToken)).Month;
        }
        catch (MartException)
        {
            if ((_months[mart].LastKnown?.Month ?? await snapshots.FindNewestMonthAsync(mart, cancellationToken)) is not { } last) throw;
            _lastGood[mart] = new LastGood(last, time.GetUtcNow() + options.RetryAfterError);
            return last;
        }
    }

    /// <summary>The newest month as the mart told it, with its age; what is stored does not count.</summary>
    /// <exception cref="MartException">The mart failed, and no earlier answer is known that its last change has not outdated.</exception>
    public ValueTask<KnownMonth> FindAsync(Mart mart, CancellationToken cancellationToken) => _months[mart].FindAsync(cancellationToken);

    /// <summary>How often a mart is known to have changed.</summary>
    internal int ChangesOf(Mart mart) => _months[mart].Changes;

    /// <summary>It was told; see <see cref="NewestMonth.Hear"/>.</summary>
    internal void Hear(Mart mart, KnownMonth newest, int changes) => _months[mart].Hear(newest, changes);

    /// <summary>The mart has changed: what is known is outdated.</summary>
    internal void Outdate(Mart mart) => _months[mart].Outdate();

    private sealed record LastGood(Month Month, DateTimeOffset RetryAt);
}
