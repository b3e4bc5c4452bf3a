using System.Collections.Concurrent;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>Owns every key in this process: one <see cref="CachedQuery"/> each, within a limit of bytes.</summary>
public sealed class LocalKeyOwner : IKeyOwner, IHeldKeys, IBroaderSnapshots, IAsyncDisposable
{
    /// <summary>What a key costs beside its rows, so that keys without rows are bounded too.</summary>
    private const long BytesPerKey = 1024;

    private readonly ConcurrentDictionary<QueryKey, CachedQuery> _queries = new();
    private readonly CachedQueryContext _context;
    private readonly Lock _evicting = new();

    /// <summary>An owner that holds nothing yet.</summary>
    public LocalKeyOwner(CachedQueryContext context) => _context = context;

    /// <inheritdoc/>
    public async ValueTask<CachedAnswer> GetAsync(QueryKey key, CacheDemand demand, CancellationToken cancellationToken)
    {
        if (_queries.TryGetValue(key, out var query))
        {
            var answering = query.GetAsync(demand, cancellationToken);
            if (answering.IsCompletedSuccessfully) return Counted(answering.Result, key);
            return await WaitAsync(answering, key);
        }
        query = _queries.GetOrAdd(key, static (key, owner) => new CachedQuery(key, owner._context, owner), this);
        return await WaitAsync(query.GetAsync(demand, cancellationToken), key);
    }

    /// <inheritdoc/>
    public async Task<bool> DropAsync(QueryKey key, CancellationToken cancellationToken)
    {
        var held = _queries.TryRemove(key, out var query) && query.Current is not null;
        query?.Forget();
        return await _context.Snapshots.RemoveAsync(key, cancellationToken) || held;
    }

    /// <summary>Lets the key go: out of memory, and out of hand once its refresh is done. What is stored stays.</summary>
    public Task ReleaseAsync(QueryKey key) => _queries.TryRemove(key, out var query) ? query.WhenIdleAsync() : Task.CompletedTask;

    /// <inheritdoc/>
    public IReadOnlyList<KeyStatus> List() =>
    [
        .. _queries.Select(entry => Status(entry.Key, entry.Value)).OrderBy(status => status.Key.ToString(), StringComparer.Ordinal),
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<Month> MonthsOf(Mart mart) =>
        _queries.Keys.Where(key => key.Mart == mart).Select(key => key.Month).ToHashSet();

    /// <inheritdoc/>
    public void Learn(Mart mart, Month month, string dataVersion, DateTimeOffset asOf)
    {
        foreach (var (key, query) in _queries)
            if (key.Mart == mart && key.Month == month) query.Learn(dataVersion, asOf);
    }

    /// <inheritdoc/>
    public Snapshot? Find(QueryKey key, string dataVersion)
    {
        for (var length = key.Prefix.Length - 1; length > 0; length--)
        {
            // A prefix ends in a letter or digit, as every key's does.
            if (key.Prefix[length - 1] != ' '
                && _queries.TryGetValue(key with { Prefix = key.Prefix[..length] }, out var broader)
                && broader.Current is { } snapshot && snapshot.DataVersion == dataVersion) return snapshot;
        }
        return _context.MoreBroader?.Find(key, dataVersion);
    }

    /// <summary>Completes when the refreshes that are under way have ended, whatever came of them.</summary>
    public Task WhenIdleAsync() => Task.WhenAll(_queries.Values.Select(query => query.WhenIdleAsync()));

    /// <summary>Waits for the refreshes that are under way, so that their leases are given back.</summary>
    public async ValueTask DisposeAsync() => await WhenIdleAsync();

    private static CachedAnswer Counted(CachedAnswer answer, QueryKey key)
    {
        CacheMetrics.Answered(key.Mart, answer.Result);
        return answer;
    }

    private async ValueTask<CachedAnswer> WaitAsync(ValueTask<CachedAnswer> answering, QueryKey key)
    {
        try
        {
            return Counted(await answering, key);
        }
        finally
        {
            // Also without an answer: keys that a failing mart is asked for take memory too.
            if (_queries.Values.Sum(Size) > _context.MaxBytes) Evict();
        }
    }

    private void Evict()
    {
        lock (_evicting)
        {
            var total = _queries.Values.Sum(Size);
            foreach (var (key, query) in _queries.OrderBy(entry => entry.Value.LastAskedAt).ToList())
            {
                if (total <= _context.MaxBytes) return;
                // Dropped from memory only: the stored snapshot answers when the key is asked for again.
                if (!query.IsRefreshing && _queries.TryRemove(KeyValuePair.Create(key, query))) total -= Size(query);
            }
        }
    }

    private static long Size(CachedQuery query) => BytesPerKey + (query.Current?.Rows.SizeInBytes ?? 0);

    private static KeyStatus Status(QueryKey key, CachedQuery query)
    {
        var snapshot = query.Current;
        return new KeyStatus(
            key, snapshot?.Version ?? 0, snapshot?.Rows.Count ?? 0, Size(query), snapshot?.DataAsOf, snapshot?.CheckedAt,
            query.Hits, query.LastAskedAt, query.Owner);
    }
}
