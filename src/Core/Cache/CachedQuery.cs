using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The cached answer of one key: decides between serving, serving and refreshing, and waiting; runs at most one refresh at a time.
/// What a refresh does is in <see cref="LeaseRefresh"/> and <see cref="OwnerRefresh"/>, every other rule that concerns one key here and in the
/// partial <c>CachedQuery.Refresh.cs</c>. Safe to call from any thread.
/// </summary>
internal sealed partial class CachedQuery : Evictable, IRowsHolder
{
    private readonly QueryKey _key;
    private readonly MonthShelf _month;

    private volatile KeyState _state = KeyState.Unknown;
    private volatile string? _ownerName;
    private int _waiting;
    private int _seat = MonthShelf.NoSeat;
    private long _hits;
    private long _lastAskedAt;
    private int _isOwned;
    private bool _hasLeft;

    /// <summary>A key that nothing is known of yet; its stored snapshot is loaded by the first question.</summary>
    internal CachedQuery(QueryKey key, MonthShelf month)
    {
        _key = key;
        _month = month;
        _lastAskedAt = Context.Now().UtcTicks;
    }

    /// <summary>The newest snapshot known here; null while there is none.</summary>
    public Snapshot? Current => _state.Snapshot;

    /// <summary>When it was last known to be unchanged; null while there is none.</summary>
    public DateTimeOffset? CheckedAt => Current is { } held ? _month.State.CheckedAt(held) : null;

    /// <summary>Whether this process is the key's owner, as far as is known; set by the table.</summary>
    internal bool IsOwned
    {
        get => Volatile.Read(ref _isOwned) != 0;
        set
        {
            if (Interlocked.Exchange(ref _isOwned, value ? 1 : 0) == (value ? 1 : 0)) return;
            _month.Table.Grew(this, value ? Context.BytesPerOwnedKey : -Context.BytesPerOwnedKey);
        }
    }

    private CachedQueryContext Context => _month.Table.Context;

    /// <summary>What it answers for.</summary>
    internal QueryKey Key => _key;

    /// <inheritdoc/>
    public override int Identity => _key.GetHashCode();

    /// <summary>Its number among the keys of the month that are in use; the shelf's.</summary>
    internal int Seat
    {
        get => Volatile.Read(ref _seat);
        set => Volatile.Write(ref _seat, value);
    }

    /// <summary>Its month's shelf.</summary>
    internal MonthShelf Month => _month;

    /// <summary>Who refreshes it: this process, or the owner that answered last; null while none has.</summary>
    public string? Owner => Context.RemoteOwner is null || IsOwned ? Context.Name : _ownerName;

    /// <summary>The owner elsewhere that answered last; null while none has.</summary>
    internal string? OwnerName
    {
        set => _ownerName = value;
    }

    /// <summary>When a caller last asked.</summary>
    public DateTimeOffset LastAskedAt => new(Interlocked.Read(ref _lastAskedAt), TimeSpan.Zero);

    /// <summary>Answers given so far.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>True while a refresh is under way.</summary>
    public bool IsRefreshing => _state.IsRefreshing;

    /// <summary>True while a refresh is under way or somebody waits, be it between two refreshes: then it stays in memory.</summary>
    internal bool IsBusy => IsRefreshing || Volatile.Read(ref _waiting) > 0;

    /// <summary>As <see cref="IKeyOwner.GetAsync"/> says.</summary>
    public ValueTask<CachedAnswer> GetAsync(CacheDemand demand, CancellationToken cancellationToken)
    {
        var now = Context.Now();
        if (DayOf(Interlocked.Exchange(ref _lastAskedAt, now.UtcTicks)) != DayOf(now.UtcTicks)) KeepStored();
        Interlocked.Increment(ref _hits);
        Use();
        if (Seat == MonthShelf.NoSeat) _month.Use(this);
        // The hot path: the key's state and its month's, each read once; a fresh snapshot costs no allocation and no lock.
        var judged = Judge(demand, now);
        return IsServed(judged.Verdict) ? new(judged.Answer) : WaitAsync(judged.Verdict, demand, now, IsOwnedElsewhere, cancellationToken);
    }

    /// <summary>As <see cref="KeyTable.AnswerAsOwnerAsync"/> says.</summary>
    internal async ValueTask<CachedAnswer> AnswerAsOwnerAsync(TimeSpan maxAge, SnapshotVersion minVersion, CancellationToken cancellationToken)
    {
        var now = Context.Now();
        // What this process asks of itself is no use of the key: its own caller's was counted.
        if (Volatile.Read(ref _underWay)?.Asking is null)
        {
            Interlocked.Exchange(ref _lastAskedAt, now.UtcTicks);
            Use();
            if (Seat == MonthShelf.NoSeat) _month.Use(this);
        }
        var demand = new CacheDemand(maxAge, OnlyIfCached: false, minVersion);
        var judged = Judge(demand, now);
        return IsServed(judged.Verdict) ? judged.Answer : await WaitAsync(judged.Verdict, demand, now, ask: false, cancellationToken);
    }

    /// <summary>Takes over a snapshot that another process made, when it is newer than what is held, by its version and by what is known of the mart.</summary>
    public void Adopt(Snapshot snapshot)
    {
        Context.Versions.Observe(snapshot.Version);
        snapshot = _month.State.Share(snapshot);
        lock (_month.KeyGate)
        {
            var adopted = _state.Adopted(snapshot, _month.State);
            if (ReferenceEquals(adopted, _state)) return;
            Become(adopted);
        }
        // The mart had this token then: that is known of the month, if it is later than what is.
        if (snapshot.CheckedAt > _month.State.AsOf) _month.Hear(snapshot.DataVersion, snapshot.CheckedAt, Context.Now());
    }

    /// <summary>Forgets the snapshot, so that the next question asks the mart.</summary>
    public void Forget()
    {
        lock (_month.KeyGate) Become(_state.Forgotten());
    }

    /// <summary>It has left the table: what it still holds is counted no more.</summary>
    internal void Leave()
    {
        _month.Leave(this);
        lock (_month.KeyGate)
        {
            _hasLeft = true;
            _state.Snapshot?.Rows.CountNoMore(this);
        }
    }

    /// <summary>Whether somebody asked for it lately enough to keep it fresh.</summary>
    internal bool IsInUse(DateTimeOffset now) => now - LastAskedAt <= Context.Options.FreshFor + Context.Options.StaleFor;

    /// <summary>Keeps what its month says of it, before the month forgets that.</summary>
    internal void KeepCheck()
    {
        lock (_month.KeyGate) _state = _state.Checked(_month.State);
    }

    /// <summary>Refreshes it, behind the answers, when its month has changed since; false when it has not.</summary>
    internal bool RefreshWhenOutdated()
    {
        if (Current is not { } held || !_month.State.Outdates(held)) return false;
        RefreshBehind();
        return true;
    }

    void IRowsHolder.Grew(long bytes) => _month.Table.Grew(this, bytes);

    private static bool IsServed(Verdict verdict) => verdict is Verdict.Serve or Verdict.ServeAndRefresh;

    /// <summary>The store sweeps what is not in use, and hears of no question that memory answers: so it is told once a day.</summary>
    private void KeepStored() => _ = Context.Tasks.Run(() => Context.Snapshots.UseAsync(_key, CancellationToken.None)).SettledAsync();

    // Each key has a midnight of its own: not all are told of at once.
    private long DayOf(long ticks) => (ticks + ((uint)Identity * (TimeSpan.TicksPerDay >> 32))) / TimeSpan.TicksPerDay;

    /// <summary>Called under the gate.</summary>
    private void Become(KeyState state)
    {
        var (before, after) = (_state.Snapshot?.Rows, state.Snapshot?.Rows);
        _state = state;
        if (ReferenceEquals(before, after) || _hasLeft) return;
        before?.CountNoMore(this);
        after?.CountTo(this);
    }

    /// <summary>What may be done for a caller now; begins the refresh behind a stale answer.</summary>
    private Judgement Judge(CacheDemand demand, DateTimeOffset now)
    {
        var judged = _state.Judge(demand, _month.State, Context.Options, now);
        if (judged.Verdict == Verdict.ServeAndRefresh) RefreshBehind();
        return judged;
    }

    private async ValueTask<CachedAnswer> WaitAsync(
        Verdict verdict, CacheDemand demand, DateTimeOffset asked, bool ask, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            return await WaitInTurnAsync(verdict, demand, asked, ask, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async ValueTask<CachedAnswer> WaitInTurnAsync(
        Verdict verdict, CacheDemand demand, DateTimeOffset asked, bool ask, CancellationToken cancellationToken)
    {
        if (verdict == Verdict.Load)
        {
            // After a restart the stored snapshot may do; asking for it is no refresh and may be shared without a lease.
            await LoadStoredAsync().WaitAsync(cancellationToken);
            var judged = Judge(demand, asked);
            if (IsServed(judged.Verdict)) return judged.Answer;
            verdict = judged.Verdict;
        }
        if (verdict == Verdict.Refuse) throw new NotCachedException(_key);

        try
        {
            // "Check" means a check that begins after the caller asked; one that runs already may have looked before the change.
            var oldest = demand.MaxAge is { } limit && limit < Context.Options.FreshFor ? limit : Context.Options.FreshFor;
            var refreshed = await RefreshAsync(ask, NotBefore(asked - oldest), demand.MinVersion, cancellationToken);
            var snapshot = refreshed.Snapshot!;
            return new(snapshot, _month.State.CheckedAt(snapshot), refreshed.Queried ? CacheResult.Miss : CacheResult.Revalidated);
        }
        catch (MartException error)
        {
            if (_state.LastGood(demand, _month.State, Context.Options, Context.Now(), error) is { } last) return last;
            throw;
        }
    }

    /// <summary>The oldest check that will do: an outdated snapshot must have been checked since the change was seen.</summary>
    private DateTimeOffset NotBefore(DateTimeOffset oldest)
    {
        var month = _month.State;
        return Current is { } held && month.Outdates(held) && month.AsOf > oldest ? month.AsOf : oldest;
    }
}
