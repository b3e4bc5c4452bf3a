using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <content>
/// The refresh, one at a time in this process by sharing the running task. Two tasks are shared: the work of <see cref="LeaseRefresh"/>,
/// also by other processes' questions to this one as the key's owner; and, where another may be the owner, that of
/// <see cref="OwnerRefresh"/>, which does the former when the owner cannot be reached. A refresh belongs to all who wait for it: it runs on when
/// the caller that started it goes away, and is given up, in the mart too, when the last one has gone. One behind an answer or after news
/// is for those to come, and runs to its end.
/// </content>
internal sealed partial class CachedQuery
{
    /// <summary>How long work goes on that nobody waits for.</summary>
    internal static readonly TimeSpan ReloadTime = TimeSpan.FromSeconds(2);

    private UnderWay? _underWay;

    /// <summary>Completes when no refresh is under way; never fails.</summary>
    public async Task WhenIdleAsync()
    {
        while (true)
        {
            Flight? flight;
            lock (_month.KeyGate) flight = _underWay?.Asking ?? _underWay?.Working;
            if (flight is null) return;
            await flight.Task.SettledAsync();
        }
    }

    /// <summary>Completes when this process does no work on it under the lease; never fails.</summary>
    internal Task WhenNotWorkingAsync()
    {
        lock (_month.KeyGate) return _underWay?.Working?.Task.SettledAsync() ?? Task.CompletedTask;
    }

    private void RefreshBehind()
    {
        lock (_month.KeyGate)
        {
            var flight = FlightOf(IsOwnedElsewhere);
            if (flight is null)
            {
                flight = Start(IsOwnedElsewhere, wait: false, NotBefore(Context.Now() - Context.Options.FreshFor), minVersion: default);
                // Nobody waits for this one: whoever asks next gets its result or its failure.
                _ = flight.Task.SettledAsync();
            }
            if (!flight.TryKeep()) flight.IsWantedAgain = true;
        }
    }

    /// <summary>Whether there may be an owner to ask.</summary>
    private bool IsOwnedElsewhere => Context.RemoteOwner is not null;

    /// <summary>A snapshot checked at or after <paramref name="notBefore"/> and of at least that version.</summary>
    private async Task<Refreshed> RefreshAsync(bool ask, DateTimeOffset notBefore, SnapshotVersion minVersion, CancellationToken cancellationToken)
    {
        while (true)
        {
            Flight? flight;
            bool isOwn, isAboard;
            lock (_month.KeyGate)
            {
                flight = FlightOf(ask);
                isOwn = flight is null;
                flight ??= Start(ask, wait: true, notBefore, minVersion);
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
            catch (MartException) when (!isOwn && flight.BeganAt < notBefore)
            {
                continue;
            }
            catch (OperationCanceledException)
            {
                int? leaving;
                lock (_month.KeyGate) leaving = flight.Leave();
                if (leaving is { } last) GiveUpUnlessJoined(flight, last);
                throw;
            }
            // A flight that began too early, or one behind a stale answer that left the work to another process, may not do. One that
            // began here for this very question does, whatever the clock says since: it may have been set back.
            // An owner's answer is as young as its flight asked for by the owner's clock, which may be behind this one.
            if (refreshed.Snapshot is { } snapshot
                && (isOwn || _month.State.CheckedAt(snapshot) >= notBefore || (refreshed.ByOwner && flight.NotBefore >= notBefore))
                && snapshot.Version >= minVersion) return refreshed;
        }
    }

    /// <summary>
    /// Work is given up a little later: whoever reloads a page leaves and comes back, and would begin it anew each time. The asking of
    /// an owner is given up at once, as its work is where one comes back to; unless the work has come here, the owner being out of reach.
    /// </summary>
    private void GiveUpUnlessJoined(Flight flight, int leaving)
    {
        var patience = flight.Asks && !flight.WorksHere ? Task.CompletedTask : Task.Delay(ReloadTime, Context.Time, flight.GivenUp);
        _ = Context.Tasks.Run(GiveUpAsync).SettledAsync();

        async Task GiveUpAsync()
        {
            await patience;
            bool isUnwanted;
            lock (_month.KeyGate) isUnwanted = flight.TryGiveUp(leaving);
            if (isUnwanted) flight.GiveUp();
        }
    }

    /// <summary>Called under the gate.</summary>
    private Flight? FlightOf(bool ask) => ask ? _underWay?.Asking : _underWay?.Working;

    /// <summary>Called under the gate.</summary>
    private Flight Start(bool ask, bool wait, DateTimeOffset notBefore, SnapshotVersion minVersion)
    {
        var flight = new Flight(ask, Context.Now(), notBefore);
        _underWay ??= new();
        if (ask) _underWay.Asking = flight;
        else _underWay.Working = flight;
        _state = _state.Began();
        // Not on the caller's thread: the gate is held, and the caller may be a grain's or a request's context.
        flight.Task = Context.Tasks.Run(() => RunAsync(flight, wait, minVersion));
        return flight;
    }

    private async Task<Refreshed> RunAsync(Flight flight, bool wait, SnapshotVersion minVersion)
    {
        var isWorkToldOf = false;
        try
        {
            Refreshed refreshed;
            var request = new RefreshRequest(flight.BeganAt, flight.NotBefore, minVersion, wait, flight.GivenUp);
            if (!flight.Asks) refreshed = await _month.Table.UnderLease.RefreshAsync(this, request);
            else if (await _month.Table.ByOwner!.TryRefreshAsync(this, request) is { } owners) refreshed = owners;
            else
            {
                isWorkToldOf = flight.WorksHere = true;
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
                LogGivenUp(Context.Logger, _key);
                CacheMetrics.Refreshed(_key.Mart, "cancelled", Context.Now() - flight.BeganAt);
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
                LogRefreshFailed(Context.Logger, _key, failure);
                CacheMetrics.Refreshed(_key.Mart, "failed", Context.Now() - flight.BeganAt);
            }
            End(flight, state => state.Failed(new KeyFailure(failure, Context.Now() + Context.Options.RetryAfterError)));
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
            lock (_month.KeyGate)
            {
                flight = FlightOf(ask: false) ?? Start(ask: false, wait, asking.NotBefore, minVersion);
                isKept = flight.TryKeep();
            }
            if (isKept) return await flight.Task;
            await flight.Task.SettledAsync();
        }
    }

    private void End(Flight flight, Func<KeyState, KeyState> end, bool isDone = false)
    {
        lock (_month.KeyGate)
        {
            if (flight.Asks) _underWay!.Asking = null;
            else _underWay!.Working = null;
            if (_underWay.IsEmpty) _underWay = null;
            _state = end(_state);
            if (flight.IsWantedAgain) RefreshBehind();
        }
        // Unless it came back with what was heard of meanwhile. After a failure, and when another process is at work, the next news sees to it.
        if (!IsInUse(Context.Now()) || Current is not { } held || !_month.State.Outdates(held)) return;
        _month.FallBehind(this);
        if (isDone) RefreshBehind();
    }

    /// <summary>Brings in what the store has, once.</summary>
    internal Task LoadStoredAsync()
    {
        if (_state.IsLoaded) return Task.CompletedTask;
        lock (_month.KeyGate)
        {
            if (_state.IsLoaded) return Task.CompletedTask;
            _underWay ??= new();
            return _underWay.Loading ??= Context.Tasks.Run(LoadOnceAsync);
        }

        async Task LoadOnceAsync()
        {
            try
            {
                await AdoptContentAsync();
                lock (_month.KeyGate) _state = _state.Loaded();
                if (Current is { } stored && Context.Now() - stored.DataAsOf > TimeSpan.FromDays(1)) KeepStored();
            }
            finally
            {
                // Also after a failure: the next question looks again.
                lock (_month.KeyGate)
                {
                    _underWay!.Loading = null;
                    if (_underWay.IsEmpty) _underWay = null;
                }
            }
        }
    }

    /// <summary>Brings in what the store has.</summary>
    internal async Task AdoptContentAsync()
    {
        if (await Context.Snapshots.LoadAsync(_key, CancellationToken.None) is { } stored) Adopt(stored);
    }

    [LoggerMessage(2, LogLevel.Warning, "Refresh of {Key} failed; the last good answer stays")]
    private static partial void LogRefreshFailed(ILogger logger, QueryKey key, MartException error);

    [LoggerMessage(5, LogLevel.Information, "Refresh of {Key} is given up: nobody waits for it any more")]
    private static partial void LogGivenUp(ILogger logger, QueryKey key);

    /// <summary>What is under way; there is one only while something is. Read and changed under the gate.</summary>
    private sealed class UnderWay
    {
        public Flight? Asking { get; set; }

        public Flight? Working { get; set; }

        /// <summary>The looking for what is stored.</summary>
        public Task? Loading { get; set; }

        public bool IsEmpty => Asking is null && Working is null && Loading is null;
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
        private bool _worksHere;

        /// <summary>It asks the key's owner first.</summary>
        public bool Asks { get; } = asks;

        public DateTimeOffset BeganAt { get; } = beganAt;

        /// <summary>The oldest check that it may come back with.</summary>
        public DateTimeOffset NotBefore { get; } = notBefore;

        public Task<Refreshed> Task { get; set; } = null!;

        /// <summary>Cancelled when nobody wants it any more.</summary>
        public CancellationToken GivenUp => _givenUp.Token;

        /// <summary>It asked its owner in vain and does the work here.</summary>
        public bool WorksHere
        {
            get => Volatile.Read(ref _worksHere);
            set => Volatile.Write(ref _worksHere, value);
        }

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
}
