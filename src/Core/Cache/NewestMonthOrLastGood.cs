using System.Collections.Concurrent;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The newest month also after a restart while a mart fails: then it is the newest one that a snapshot with rows is stored for. How old
/// its answer is, the answer itself tells.
/// </summary>
public sealed class NewestMonthOrLastGood(NewestMonth newest, ISnapshotStore snapshots, CacheOptions options, TimeProvider time) : INewestMonth
{
    private readonly ConcurrentDictionary<Mart, LastGood> _lastGood = new();

    /// <inheritdoc/>
    public async ValueTask<Month?> GetAsync(Mart mart, CancellationToken cancellationToken)
    {
        // Not every caller waits for a mart that has failed a moment ago.
        if (_lastGood.TryGetValue(mart, out var recent) && time.GetUtcNow() < recent.RetryAt) return recent.Month;
        try
        {
            return await newest.GetAsync(mart, cancellationToken);
        }
        catch (MartException)
        {
            if (await snapshots.FindNewestMonthAsync(mart, cancellationToken) is not { } stored) throw;
            _lastGood[mart] = new LastGood(stored, time.GetUtcNow() + options.RetryAfterError);
            return stored;
        }
    }

    private sealed record LastGood(Month Month, DateTimeOffset RetryAt);
}
