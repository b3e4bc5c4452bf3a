using System.Collections.Concurrent;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The keys of a process, whoever owns them: one <see cref="CachedQuery"/> each, on the shelf of its month, within a limit of bytes.
/// </summary>
public sealed class KeyTable : IKeyOwner, IHeldKeys, IAsyncDisposable
{
    /// <summary>
    /// What a key costs beside its rows and the bytes of its encoded answers, so that keys without rows are bounded too: 360 bytes by
    /// themselves, and the objects around an answer that is kept encoded.
    /// </summary>
    private const long BytesPerKey = 600;

    private readonly ConcurrentDictionary<QueryKey, CachedQuery> _queries = new();
    private readonly ConcurrentDictionary<(Mart Mart, Month Month), MonthShelf> _shelves = new();
    private readonly EvictionQueue<CachedQuery> _memory;

    private long _visited;

    // Held while a key comes or goes, for no longer than that takes; nothing is asked under it.
    private readonly Lock _coming = new();

    /// <summary>An owner that holds nothing yet.</summary>
    public KeyTable(CachedQueryContext context)
    {
        Context = context;
        UnderLease = new(this, context);
        if (context.RemoteOwner is { } owner) ByOwner = new(owner, context);
        _memory = new(context.Options.MaxBytes);
    }

    /// <summary>What its keys work with.</summary>
    internal CachedQueryContext Context { get; }

    /// <summary>How keys are refreshed.</summary>
    internal LeaseRefresh UnderLease { get; }

    /// <summary>How they are refreshed where others may own them; null where nobody else does.</summary>
    internal OwnerRefresh? ByOwner { get; }

    /// <inheritdoc/>
    public async ValueTask<CachedAnswer> GetAsync(QueryKey key, CacheDemand demand, CancellationToken cancellationToken)
    {
        var query = Find(key);
        var answering = query.GetAsync(demand, cancellationToken);
        return answering.IsCompletedSuccessfully && !_memory.IsOver ? Counted(answering.Result, key) : await WaitAsync(answering, key);
    }

    /// <summary>Answers another process, or this one's own asking, as the key's owner: from memory, or by the work under the lease.</summary>
    /// <param name="key">What is asked.</param>
    /// <param name="maxAge">The oldest answer that will do; zero: only one checked from now on.</param>
    /// <param name="minVersion">The lowest version that will do.</param>
    /// <param name="cancellationToken">Stops the waiting of this asker; the work too, when nobody else waits for it.</param>
    /// <exception cref="MartException">The mart failed and no snapshot may be served.</exception>
    public async ValueTask<CachedAnswer> AnswerAsOwnerAsync(
        QueryKey key, TimeSpan maxAge, SnapshotVersion minVersion, CancellationToken cancellationToken)
    {
        var query = Find(key);
        query.IsOwned = true;
        try
        {
            return await query.AnswerAsOwnerAsync(maxAge, minVersion, cancellationToken);
        }
        finally
        {
            if (_memory.IsOver) Evict();
        }
    }

    /// <summary>Whether the key is in memory, with or without a snapshot.</summary>
    public bool Holds(QueryKey key) => _queries.ContainsKey(key);

    /// <summary>The snapshot that is held of a key, as it is and however old; null when there is none.</summary>
    public Snapshot? Peek(QueryKey key) => _queries.TryGetValue(key, out var query) ? query.Current : null;

    /// <summary>This process is no longer the key's owner. Completes when its work is done and the lease given back; the key stays as any other.</summary>
    public Task DisownAsync(QueryKey key)
    {
        if (!_queries.TryGetValue(key, out var query)) return Task.CompletedTask;
        query.IsOwned = false;
        return query.WhenNotWorkingAsync();
    }

    /// <inheritdoc/>
    public async Task<bool> DropAsync(QueryKey key, CancellationToken cancellationToken)
    {
        var query = Take(key);
        var held = query?.Current is not null;
        // A question that waits at it gets what comes, not what was.
        query?.Forget();
        return await Context.Snapshots.RemoveAsync(key, cancellationToken) || held;
    }

    /// <summary>Lets the key go out of memory. What is stored stays.</summary>
    public void Release(QueryKey key) => Take(key)?.Forget();

    /// <inheritdoc/>
    public IReadOnlyList<KeyStatus> List() =>
    [
        .. _queries.Select(entry => Status(entry.Key, entry.Value)).OrderBy(status => status.Key.ToString(), StringComparer.Ordinal),
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<Month> MonthsOf(Mart mart)
    {
        var now = Context.Time.GetUtcNow();
        // In an order of their own, not in that of hashes, which is another in each process: looks at the mart are the same again in a test.
        return [.. _shelves.Values.Where(shelf => shelf.Mart == mart && shelf.IsInUse(now)).Select(shelf => shelf.Month).Order()];
    }

    /// <inheritdoc/>
    public void Learn(Mart mart, Month month, string dataVersion, DateTimeOffset asOf)
    {
        if (_shelves.TryGetValue((mart, month), out var shelf)) shelf.Hear(dataVersion, asOf, Context.Time.GetUtcNow());
    }

    /// <summary>Keys that news, polls and evictions have looked at so far: what they cost.</summary>
    internal long Visited => _memory.Visited + Interlocked.Read(ref _visited);

    /// <summary>So many keys are looked at for news or a poll.</summary>
    internal void Visit(int keys) => Interlocked.Add(ref _visited, keys);

    /// <summary>What <paramref name="key"/> holds takes <paramref name="bytes"/> more, or less when negative.</summary>
    internal void Grew(CachedQuery key, long bytes) => _memory.Grow(key, bytes);

    /// <summary>A held snapshot of the same mart and month, of a shorter prefix than the key's, read under that very change token; else null.</summary>
    internal Snapshot? FindBroader(QueryKey key, string dataVersion)
    {
        for (var length = key.Prefix.Length - 1; length > 0; length--)
        {
            // A prefix ends in a letter or digit, as every key's does.
            if (key.Prefix[length - 1] != ' '
                && _queries.TryGetValue(key with { Prefix = key.Prefix[..length] }, out var broader)
                && broader.Current is { } snapshot && snapshot.DataVersion == dataVersion) return snapshot;
        }
        return null;
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
            if (_memory.IsOver) Evict();
        }
    }

    private CachedQuery Find(QueryKey key) => _queries.TryGetValue(key, out var query) ? query : Add(key);

    private CachedQuery Add(QueryKey key)
    {
        lock (_coming)
        {
            if (_queries.TryGetValue(key, out var other)) return other;
            var shelf = _shelves.GetOrAdd((key.Mart, key.Month), static (of, table) => new MonthShelf(table, of.Mart, of.Month), this);
            var query = new CachedQuery(key, shelf);
            _memory.Add(query, BytesPerKey);
            shelf.Count++;
            _queries[key] = query;
            return query;
        }
    }

    /// <summary>Takes a key off its shelf; null when it was not there.</summary>
    private CachedQuery? Take(QueryKey key) => _queries.TryGetValue(key, out var query) && Take(query) ? query : null;

    /// <summary>False when it was not there, be it that another has come in its place.</summary>
    private bool Take(CachedQuery query)
    {
        lock (_coming)
        {
            if (!_queries.TryRemove(KeyValuePair.Create(query.Key, query))) return false;
            if (--query.Month.Count == 0) _shelves.TryRemove((query.Key.Mart, query.Key.Month), out _);
        }
        query.Leave();
        _memory.Remove(query);
        return true;
    }

    /// <summary>From memory only: the stored snapshots answer when the keys are asked for again.</summary>
    private void Evict()
    {
        foreach (var query in _memory.Evict(static query => !query.IsBusy))
        {
            Take(query);
            if (query.IsOwned) Context.OwnedKeyEvicted?.Invoke(query.Key);
        }
    }

    private static KeyStatus Status(QueryKey key, CachedQuery query)
    {
        var snapshot = query.Current;
        return new KeyStatus(
            key, snapshot?.Version ?? SnapshotVersion.None, snapshot?.Rows.Count ?? 0, query.Bytes, snapshot?.DataAsOf, query.CheckedAt,
            query.Hits, query.LastAskedAt, query.Owner, query.IsOwned);
    }
}
