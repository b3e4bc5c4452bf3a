using System.Diagnostics.CodeAnalysis;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Cache;

/// <content>
/// The refresh, one at a time in this process by sharing the running task, one at a time over all processes by the key's lease. Two tasks
/// are shared: the work under the lease, also by other processes' questions to this one as the key's owner; and, where another may be the
/// owner, the asking of it, which does the work here when it cannot be reached. A refresh belongs to all who wait for it: it runs on when
/// the caller that started it goes away, and is given up, in the mart too, when the last one has gone. One behind an answer or after news
/// is for those to come, and runs to its end.
/// </content>
public sealed partial class CachedQuery
{
    /// <summary>How long work goes on that nobody waits for.</summary>
    internal static readonly TimeSpan ReloadTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan OtherHolderPoll = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private Flight? _asking;
    private Flight? _working;
    private Task? _loading;

    /// <summary>Completes when no refresh is under way; never fails.</summary>
    public async Task WhenIdleAsync()
    {
        while (true)
        {
            Flight? flight;
            lock (_gate) flight = _asking ?? _working;
            if (flight is null) return;
            await flight.Task.SettledAsync();
        }
    }

    /// <summary>Completes when this process does no work on it under the lease; never fails.</summary>
    internal Task WhenNotWorkingAsync()
    {
        lock (_gate) return _working?.Task.SettledAsync() ?? Task.CompletedTask;
    }

    private void RefreshBehind()
    {
        lock (_gate)
        {
            var flight = FlightOf(IsOwnedElsewhere);
            if (flight is null)
            {
                flight = Start(IsOwnedElsewhere, wait: false, NotBefore(Now() - _context.Options.FreshFor), minVersion: default);
                // Nobody waits for this one: whoever asks next gets its result or its failure.
                _ = flight.Task.SettledAsync();
            }
            if (!flight.TryKeep()) flight.IsWantedAgain = true;
        }
    }

    /// <summary>Whether there may be an owner to ask.</summary>
    private bool IsOwnedElsewhere => _context.RemoteOwner is not null;

    /// <summary>A snapshot checked at or after <paramref name="notBefore"/> and of at least that version.</summary>
    private async Task<Refreshed> RefreshAsync(bool ask, DateTimeOffset notBefore, SnapshotVersion minVersion, CancellationToken cancellationToken)
    {
        while (true)
        {
            Flight flight;
            bool isAboard;
            lock (_gate)
            {
                flight = FlightOf(ask) ?? Start(ask, wait: true, notBefore, minVersion);
                isAboard = flight.TryBoard();
            }
            if (!isAboard)
            {
                // It is being given up, and still has its lease to give back.
                await flight.Task.SettledAsync().WaitAsync(cancellationToken);
                continue;
            }

            Refreshed refreshed;
            try
            {
                refreshed = await flight.Task.WaitAsync(cancellationToken);
            }
            catch (MartException) when (flight.BeganAt < notBefore)
            {
                continue;
            }
            catch (OperationCanceledException)
            {
                int? leaving;
                lock (_gate) leaving = flight.Leave();
                if (leaving is { } last) GiveUpUnlessJoined(flight, last);
                throw;
            }
            // A flight that began too early, or one behind a stale answer that left the work to another process, may not do.
            // An owner's answer is as young as its flight asked for by the owner's clock, which may be behind this one.
            if (refreshed.Snapshot is { } snapshot
                && (_month.State.CheckedAt(snapshot) >= notBefore || (refreshed.ByOwner && flight.NotBefore >= notBefore))
                && snapshot.Version >= minVersion) return refreshed;
        }
    }

    /// <summary>
    /// Work is given up a little later: whoever reloads a page leaves and comes back, and would begin it anew each time. The asking of
    /// an owner is given up at once, as its work is where one comes back to.
    /// </summary>
    private void GiveUpUnlessJoined(Flight flight, int leaving)
    {
        var patience = flight.Asks ? Task.CompletedTask : Task.Delay(ReloadTime, _context.Time, flight.GivenUp);
        _ = _context.Tasks.Run(GiveUpAsync).SettledAsync();

        async Task GiveUpAsync()
        {
            await patience;
            bool isUnwanted;
            lock (_gate) isUnwanted = flight.TryGiveUp(leaving);
            if (isUnwanted) flight.GiveUp();
        }
    }

    /// <summary>Called under the gate.</summary>
    private Flight? FlightOf(bool ask) => ask ? _asking : _working;

    /// <summary>Called under the gate.</summary>
    private Flight Start(bool ask, bool wait, DateTimeOffset notBefore, SnapshotVersion minVersion)
    {
        var flight = new Flight(ask, Now(), notBefore);
        if (ask) _asking = flight;
        else _working = flight;
        _state = _state.Began();
        // Not on the caller's thread: the gate is held, and the caller may be a grain's or a request's context.
        flight.Task = _context.Tasks.Run(() => RunAsync(flight, wait, minVersion));
        return flight;
    }

    private async Task<Refreshed> RunAsync(Flight flight, bool wait, SnapshotVersion minVersion)
    {
        var isWorkToldOf = false;
        try
        {
            Refreshed refreshed;
            if (!flight.Asks) refreshed = await RefreshOnceAsync(flight, wait, minVersion);
            else if (await AskOwnerAsync(flight, minVersion) is { } owners) refreshed = owners;
            else
            {
                isWorkToldOf = true;
                refreshed = await ShareWorkAsync(flight, wait, minVersion);
            }
            if (refreshed.Snapshot is null) End(flight, static state => state.LeftToAnother());
            else End(flight, static state => state.Refreshed(), isDone: true);
            return refreshed;
        }
        // Whatever it ended with: a mart may tell its cancellation as any failure.
        catch (Exception) when (flight.GivenUp.IsCancellationRequested)
        {
            if (!flight.Asks)
            {
                LogGivenUp(_context.Logger, _key);
                CacheMetrics.Refreshed(_key.Mart, "cancelled", Now() - flight.BeganAt);
            }
            End(flight, static state => state.LeftToAnother());
            return default;
        }
        catch (Exception error)
        {
            var failure = error as MartException
                ?? new MartException("the answer could not be made; the server's log says why", MartFailure.Failed, error);
            if (!isWorkToldOf)
            {
                LogRefreshFailed(_context.Logger, _key, failure);
                CacheMetrics.Refreshed(_key.Mart, "failed", Now() - flight.BeganAt);
            }
            End(flight, state => state.Failed(new KeyFailure(failure, Now() + _context.Options.RetryAfterError)));
            throw failure;
        }
    }

    /// <summary>The work as it runs here already, or begins now.</summary>
    private async Task<Refreshed> ShareWorkAsync(Flight asking, bool wait, SnapshotVersion minVersion)
    {
        asking.GivenUp.ThrowIfCancellationRequested();
        if (wait) return await RefreshAsync(ask: false, asking.NotBefore, minVersion, asking.GivenUp);
        while (true)
        {
            Flight flight;
            bool isKept;
            lock (_gate)
            {
                flight = _working ?? Start(ask: false, wait, asking.NotBefore, minVersion);
                isKept = flight.TryKeep();
            }
            if (isKept) return await flight.Task;
            await flight.Task.SettledAsync();
        }
    }

    private void End(Flight flight, Func<KeyState, KeyState> end, bool isDone = false)
    {
        lock (_gate)
        {
            if (flight.Asks) _asking = null;
            else _working = null;
            _state = end(_state);
            if (flight.IsWantedAgain) RefreshBehind();
        }
        // Unless it came back with what was heard of meanwhile. After a failure, and when another process is at work, the next news sees to it.
        if (!IsInUse(Now()) || Current is not { } held || !_month.State.Outdates(held)) return;
        _month.FallBehind(this);
        if (isDone) RefreshBehind();
    }

    /// <summary>The refresh as the key's owner elsewhere does it; null when it has to be done here.</summary>
    private async Task<Refreshed?> AskOwnerAsync(Flight flight, SnapshotVersion minVersion)
    {
        var maxAge = flight.BeganAt > flight.NotBefore ? flight.BeganAt - flight.NotBefore : TimeSpan.Zero;
        var held = Current;
        // An owner that began from less than is known here must not be told that it is right, nor be asked in vain.
        var known = SnapshotVersion.Max(minVersion, held?.Version ?? default);
        OwnersAnswer? owners;
        try
        {
            owners = await _context.RemoteOwner!.AskAsync(_key, held, maxAge, known, flight.GivenUp);
        }
        catch (MartException failed) when (failed.Failure != MartFailure.Failed && Current is null)
        {
            // It may be the owner's own way to the mart that is broken. With nothing to serve, one more attempt under the lease is better
            // than no answer; where the mart itself is away, this process's breaker bounds the attempts.
            owners = null;
        }
        _ownerName = owners?.Owner;
        if (owners is null) return null;
        var answer = owners.Answer;
        Adopt(answer.CheckedAt == answer.Snapshot.CheckedAt ? answer.Snapshot : answer.Snapshot with { CheckedAt = answer.CheckedAt });
        // The owner's last good answer is adopted, but its failure is this refresh's failure too: nothing was renewed.
        if (answer.Result == CacheResult.StaleOnError) throw new MartException(answer.Error!);
        var month = _month.State;
        if (answer.Snapshot.Version < known || Current is not { } adopted || adopted.Version != answer.Snapshot.Version
            || (month.Outdates(adopted) && month.AsOf <= flight.BeganAt))
        {
            // Never called right because its owner says so: it knows less than is known here, by version or by what the mart has had since.
            LogOwnerBehind(_context.Logger, _key, owners.Owner, answer.Snapshot.Version, known);
            _ownerName = null;
            return null;
        }
        return new(adopted, answer.Result == CacheResult.Miss, ByOwner: true);
    }

    private async Task<Refreshed> RefreshOnceAsync(Flight flight, bool wait, SnapshotVersion minVersion)
    {
        var notBefore = flight.NotBefore;
        await LoadStoredAsync();
        while (true)
        {
            // Another process may have done the work already.
            if (await AdoptStoredAsync(notBefore, minVersion) is { } adopted) return new(adopted, Queried: false);

            // Renewed while the refresh runs: however long the mart takes, only a holder that died is replaced.
            var held = await HeldLease.TryTakeAsync(_context.Leases, _key.ToString(), _context.Holder, _context.Options.Lease, _context.Time, CancellationToken.None);
            if (held is not null)
            {
                await using var giveBack = held;
                // Once more under the lease: it may have been committed between the look and the taking.
                if (await AdoptStoredAsync(notBefore, minVersion) is { } late) return new(late, Queried: false);
                if (await AskMartAsync(flight, held.Lease, minVersion) is { } refreshed) return refreshed;
                LogLeaseLost(_context.Logger, _key, held.Lease.Fence);
            }
            else if (!wait)
            {
                return default;
            }
            await Task.Delay(OtherHolderPoll, _context.Time, flight.GivenUp);
        }
    }

    /// <summary>The change token first, then at most one query. Null when the lease was lost meanwhile: nothing was kept.</summary>
    private async Task<Refreshed?> AskMartAsync(Flight flight, Lease lease, SnapshotVersion minVersion)
    {
        var began = Now();
        // The token is read before the rows: rows that are newer than their token cost one more query, never a missed change.
        var token = await _context.Sources[_key.Mart].GetChangeTokenAsync(_key.Month, flight.GivenUp);
        _month.Hear(token, began, Now());
        var unchanged = Current is { } held && held.DataVersion == token ? held : null;
        var queried = false;
        Snapshot next;
        if (unchanged is not null)
        {
            next = unchanged with { CheckedAt = began };
            // Somebody has a higher version of what is the newest content by the mart's own word: so this gets one above it.
            if (unchanged.Version < minVersion) next = next with { Version = _context.Versions.Next(minVersion) };
        }
        else
        {
            var rows = _table.FindBroader(_key, token)?.Rows.WithPrefix(_key.Prefix);
            queried = rows is null;
            rows ??= await _context.Sources[_key.Mart].ReadAsync(_key, flight.GivenUp);
            next = new Snapshot(_key, _context.Versions.Next(minVersion), token, began, began, rows);
        }
        while (true)
        {
            var committed = await _context.Snapshots.CommitAsync(lease, next, CancellationToken.None);
            if (committed.Outcome == CommitOutcome.LeaseLost) return null;
            if (committed.Outcome == CommitOutcome.Stored) break;
            next = next with { Version = _context.Versions.Next(committed.Newest) };
        }
        Adopt(next);
        var took = Now() - began;
        CacheMetrics.Refreshed(_key.Mart, unchanged is not null ? "unchanged" : queried ? "queried" : "derived", took);
        LogRefreshed(_context.Logger, _key, next.Version, next.Rows.Count, queried, took.TotalSeconds);
        return new(next, queried);
    }

    /// <summary>Brings in what the store has, when it is newer; returns it when it is fresh enough to need no refresh.</summary>
    private async Task<Snapshot?> AdoptStoredAsync(DateTimeOffset notBefore, SnapshotVersion minVersion)
    {
        var isAhead = false;
        if (await _context.Snapshots.FindAsync(_key, CancellationToken.None) is { } head)
        {
            // By a clock that is ahead of this one: when it was checked, nobody here knows.
            isAhead = head.CheckedAt > Now();
            if (Current is { } held && held.Version == head.Version)
            {
                if (!isAhead) Adopt(held with { CheckedAt = head.CheckedAt });
            }
            else if (Current is null || head.Version > Current.Version)
                await AdoptContentAsync();
        }
        // What is known to be outdated here is not made good by another's clock: then the mart itself is asked.
        return !isAhead && Current is { } now && !_month.State.Outdates(now) && _month.State.CheckedAt(now) >= notBefore && now.Version >= minVersion
            ? now
            : null;
    }

    private Task LoadStoredAsync()
    {
        if (_state.IsLoaded) return Task.CompletedTask;
        lock (_gate) return _state.IsLoaded ? Task.CompletedTask : _loading ??= _context.Tasks.Run(LoadOnceAsync);

        async Task LoadOnceAsync()
        {
            await AdoptContentAsync();
            lock (_gate) (_state, _loading) = (_state.Loaded(), null);
        }
    }

    private async Task AdoptContentAsync()
    {
        if (await _context.Snapshots.LoadAsync(_key, CancellationToken.None) is { } stored) Adopt(stored);
    }

    /// <summary>A refresh under way, and who wants it; all but its data is read and changed under the gate.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "Without a timer and a wait handle the source has nothing to dispose of.")]
    private sealed class Flight(bool asks, DateTimeOffset beganAt, DateTimeOffset notBefore)
    {
        private readonly CancellationTokenSource _givenUp = new();
        private int _aboard;
        private int _leavings;
        private bool _isKept;
        private bool _isUnwanted;

        /// <summary>It asks the key's owner first.</summary>
        public bool Asks { get; } = asks;

        public DateTimeOffset BeganAt { get; } = beganAt;

        /// <summary>The oldest check that it may come back with.</summary>
        public DateTimeOffset NotBefore { get; } = notBefore;

        public Task<Refreshed> Task { get; set; } = null!;

        /// <summary>Cancelled when nobody wants it any more.</summary>
        public CancellationToken GivenUp => _givenUp.Token;

        /// <summary>It was wanted when it was being given up already: another one has to follow.</summary>
        public bool IsWantedAgain { get; set; }

        /// <summary>One more waits for it; false when it is being given up.</summary>
        public bool TryBoard()
        {
            if (!_isUnwanted) _aboard++;
            return !_isUnwanted;
        }

        /// <summary>One less waits for it; the leaving's number when nobody does any more.</summary>
        public int? Leave()
        {
            _leavings++;
            return --_aboard == 0 && !_isKept ? _leavings : null;
        }

        /// <summary>True when nobody has wanted it since that leaving; from now on nobody can.</summary>
        public bool TryGiveUp(int leaving) => _isUnwanted |= _leavings == leaving && _aboard == 0 && !_isKept;

        /// <summary>It runs to its end, whoever goes; false when it is being given up.</summary>
        public bool TryKeep() => _isKept = !_isUnwanted;

        public void GiveUp() => _givenUp.Cancel();
    }

    /// <summary>What a refresh came to; no snapshot when it left the work to another process.</summary>
    private readonly record struct Refreshed(Snapshot? Snapshot, bool Queried, bool ByOwner = false);
}
