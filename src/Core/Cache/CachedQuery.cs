using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The cached answer of one key: decides between serving, serving and refreshing, and waiting; runs at most one refresh at a time.
/// Every rule of the cache that concerns one key is here or in the partial <c>CachedQuery.Refresh.cs</c>. Safe to call from any thread.
/// </summary>
public sealed partial class CachedQuery
{
    private readonly QueryKey _key;
    private readonly IMartSource _mart;
    private readonly ISnapshotStore _snapshots;
    private readonly ILeaseStore _leases;
    private readonly IBroaderSnapshots _broader;
    private readonly IRemoteOwner? _owner;
    private readonly CacheOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _holder;

    private volatile Snapshot? _current;
    private volatile Failure? _failure;
    private volatile Snapshot? _outdated;
    private volatile Learned? _learned;
    private volatile string? _ownerName;
    private long _hits;
    private long _lastAskedAt;

    /// <summary>A key that nothing is known of yet; its stored snapshot is loaded by the first question.</summary>
    public CachedQuery(QueryKey key, CachedQueryContext context, IBroaderSnapshots broader)
    {
        _key = key;
        _mart = context.Sources[key.Mart];
        _snapshots = context.Snapshots;
        _leases = context.Leases;
        _broader = broader;
        _owner = context.RemoteOwner;
        _options = context.Options;
        _time = context.Time;
        _logger = context.Logger;
        _holder = context.Holder;
        _lastAskedAt = Now().UtcTicks;
    }

    /// <summary>The newest snapshot known here; null while there is none.</summary>
    public Snapshot? Current => _current;

    /// <summary>Who refreshed it last: the owner elsewhere, or this process.</summary>
    public string Owner => _ownerName ?? _holder;

    /// <summary>When a caller last asked.</summary>
    public DateTimeOffset LastAskedAt => new(Interlocked.Read(ref _lastAskedAt), TimeSpan.Zero);

    /// <summary>Answers given so far.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>True while a refresh is under way.</summary>
    public bool IsRefreshing => _refresh is not null;

    /// <summary>As <see cref="IKeyOwner.GetAsync"/> says.</summary>
    public ValueTask<CachedAnswer> GetAsync(CacheDemand demand, CancellationToken cancellationToken)
    {
        var now = Now();
        Interlocked.Exchange(ref _lastAskedAt, now.UtcTicks);
        Interlocked.Increment(ref _hits);
        // The hot path: a fresh snapshot costs no allocation and no lock.
        return Serve(_current, demand, now) is { } answer ? new(answer) : WaitAsync(demand, now, cancellationToken);
    }

    /// <summary>Takes over a snapshot that another process made, when it is newer than what is held.</summary>
    public void Adopt(Snapshot snapshot)
    {
        lock (_gate)
        {
            // Another process's clock may be ahead.
            var now = Now();
            if (snapshot.CheckedAt > now) snapshot = snapshot with { CheckedAt = now };
            var isKnown = _learned?.DataVersion == snapshot.DataVersion;
            // Its change token is known to be the mart's own as of then, whoever read the rows, and by whatever clock.
            if (isKnown && _learned!.AsOf > snapshot.CheckedAt) snapshot = snapshot with { CheckedAt = _learned.AsOf };
            if (_current is { } held && (held.Version > snapshot.Version
                || (held.Version == snapshot.Version && held.CheckedAt >= snapshot.CheckedAt))) return;
            // The same rows, checked by another process after they were read here but before the mart changed, are as outdated as before.
            if (ReferenceEquals(_current, _outdated) && _outdated?.Version == snapshot.Version && !isKnown && snapshot.CheckedAt <= _learned?.AsOf)
                _outdated = snapshot;
            _current = snapshot;
        }
    }

    /// <summary>Forgets the snapshot, so that the next question asks the mart.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _current = null;
            _failure = null;
            _loaded = true;
        }
    }

    /// <summary>
    /// The mart's change token is known to be <paramref name="dataVersion"/> as of <paramref name="asOf"/>. The same as the snapshot's:
    /// it was checked. Another: it is outdated; a key in use is refreshed at once, behind answers that go on being served from it, and
    /// any other key by its next question.
    /// </summary>
    public void Learn(string dataVersion, DateTimeOffset asOf)
    {
        lock (_gate)
        {
            if (_current is not { } held) return;
            // Another process's clock may be ahead.
            var now = Now();
            if (asOf > now) asOf = now;
            var learned = new Learned(dataVersion, asOf);
            // Told again: what has been refreshed here since is the newer of the two.
            if (learned == _learned && !ReferenceEquals(held, _outdated)) return;
            if (_learned is null || asOf >= _learned.AsOf) _learned = learned;
            if (held.DataVersion == dataVersion)
            {
                if (!ReferenceEquals(held, _outdated)) Adopt(held with { CheckedAt = asOf });
                return;
            }
            // A refresh that runs already may have read the token before the change.
            if (_refresh is not null) _refresh.Superseded = true;
            _outdated = held;
            if (now - LastAskedAt <= _options.FreshFor + _options.StaleFor) RefreshBehind();
        }
    }

    /// <summary>What may be answered without waiting; null when the caller must wait. Starts the refresh behind a stale answer.</summary>
    private CachedAnswer? Serve(Snapshot? snapshot, CacheDemand demand, DateTimeOffset now)
    {
        if (snapshot is null || snapshot.Version < demand.MinVersion) return null;
        var age = snapshot.AgeAt(now);
        if (demand.MaxAge is { } limit && (age > limit || limit == TimeSpan.Zero)) return null;
        var outdated = ReferenceEquals(snapshot, _outdated);
        if (age <= _options.FreshFor && !outdated) return new(snapshot, CacheResult.Hit);

        var failure = _failure;
        if (failure is not null && now < failure.RetryAt && age <= _options.MaxStaleOnError)
            return new(snapshot, CacheResult.StaleOnError, failure.Error.Message);
        if (age > _options.FreshFor + _options.StaleFor || (outdated && _refresh is null)) return null;

        if (!demand.OnlyIfCached) RefreshBehind();
        return failure is null
            ? new(snapshot, CacheResult.Stale)
            : new(snapshot, CacheResult.StaleOnError, failure.Error.Message);
    }

    private async ValueTask<CachedAnswer> WaitAsync(CacheDemand demand, DateTimeOffset asked, CancellationToken cancellationToken)
    {
        if (!_loaded)
        {
            // After a restart the stored snapshot may do; asking for it is no refresh and may be shared without a lease.
            await LoadStoredAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            if (Serve(_current, demand, asked) is { } stored) return stored;
        }
        if (demand.OnlyIfCached) throw new NotCachedException(_key);

        try
        {
            // "Check" means a check that begins after the caller asked; one that runs already may have looked before the change.
            var oldest = demand.MaxAge is { } limit && limit < _options.FreshFor ? limit : _options.FreshFor;
            var notBefore = NotBefore(asked - oldest);
            var refreshed = await RefreshAsync(notBefore, demand.MinVersion, cancellationToken).ConfigureAwait(false);
            return new(refreshed.Snapshot!, refreshed.Queried ? CacheResult.Miss : CacheResult.Revalidated);
        }
        catch (MartException error)
        {
            var last = _current;
            if (last is null || last.Version < demand.MinVersion || last.AgeAt(Now()) > _options.MaxStaleOnError) throw;
            return new(last, CacheResult.StaleOnError, error.Message);
        }
    }

    /// <summary>The oldest check that will do: an outdated snapshot must have been checked since the change was seen.</summary>
    private DateTimeOffset NotBefore(DateTimeOffset oldest) =>
        _current is { } held && ReferenceEquals(held, _outdated) && _learned is { } learned && learned.AsOf > oldest ? learned.AsOf : oldest;

    /// <summary>In whole microseconds, as the stores keep it: a time must be the same after it was stored.</summary>
    private DateTimeOffset Now()
    {
        var now = _time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }

    /// <summary>The mart's change token was this at that time.</summary>
    private sealed record Learned(string DataVersion, DateTimeOffset AsOf);

    /// <summary>The last refresh failed; a stale answer leaves the mart alone until <paramref name="RetryAt"/>.</summary>
    private sealed record Failure(MartException Error, DateTimeOffset RetryAt);
}
