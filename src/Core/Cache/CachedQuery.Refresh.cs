using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Cache;

/// <content>
/// The refresh: one at a time in this process by sharing the running task, one at a time over all processes by the key's lease.
/// A refresh belongs to nobody: it runs on when the caller that started it goes away.
/// </content>
public sealed partial class CachedQuery
{
    private static readonly TimeSpan OtherHolderPoll = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private Flight? _refresh;
    private Task? _loading;
    private volatile bool _loaded;

    /// <summary>Completes when no refresh is under way; never fails.</summary>
    public async Task WhenIdleAsync()
    {
        while (true)
        {
            Flight? flight;
            lock (_gate) flight = _refresh;
            if (flight is null) return;
            await flight.Task.ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    private void RefreshBehind()
    {
        lock (_gate)
        {
            if (_refresh is not null) return;
            // Nobody waits for this one: whoever asks next gets its result or its failure.
            _ = Start(wait: false, NotBefore(Now() - _options.FreshFor), minVersion: 0).Task
                .ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        }
    }

    /// <summary>A snapshot checked at or after <paramref name="notBefore"/> and of at least that version.</summary>
    private async Task<Refreshed> RefreshAsync(DateTimeOffset notBefore, long minVersion, CancellationToken cancellationToken)
    {
        while (true)
        {
            Flight flight;
            lock (_gate) flight = _refresh ?? Start(wait: true, notBefore, minVersion);

            Refreshed refreshed;
            try
            {
                refreshed = await flight.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (MartException) when (flight.BeganAt < notBefore)
            {
                continue;
            }
            // A flight that began too early, or one behind a stale answer that left the work to another process, may not do.
            // An owner's answer is as young as its flight asked for by the owner's clock, which may be behind this one.
            if (refreshed.Snapshot is { } snapshot
                && (snapshot.CheckedAt >= notBefore || (refreshed.ByOwner && flight.NotBefore >= notBefore))
                && (snapshot.Version >= minVersion || flight.BeganAt >= notBefore)) return refreshed;
        }
    }

    /// <summary>Called under the gate.</summary>
    private Flight Start(bool wait, DateTimeOffset notBefore, long minVersion)
    {
        var flight = new Flight(Now(), notBefore);
        _refresh = flight;
        // Not on the caller's thread: the gate is held, and the caller may be a grain's or a request's context.
        flight.Task = Task.Run(() => RunAsync(flight, wait, minVersion), CancellationToken.None);
        return flight;
    }

    private async Task<Refreshed> RunAsync(Flight flight, bool wait, long minVersion)
    {
        try
        {
            var refreshed = await AskOwnerAsync(flight, minVersion).ConfigureAwait(false)
                ?? await RefreshOnceAsync(wait, flight.NotBefore, minVersion).ConfigureAwait(false);
            if (refreshed.Snapshot is not null) _failure = null;
            return refreshed;
        }
        catch (Exception error)
        {
            var failure = error as MartException
                ?? new MartException("the answer could not be made; the server's log says why", MartFailure.Failed, error);
            LogRefreshFailed(_key, failure);
            CacheMetrics.Refreshed(_key.Mart, "failed", Now() - flight.BeganAt);
            _failure = new Failure(failure, Now() + _options.RetryAfterError);
            throw failure;
        }
        finally
        {
            lock (_gate)
            {
                _refresh = null;
                // Unless it came back with what was heard of meanwhile.
                if (flight.Superseded && _current?.DataVersion != _learned?.DataVersion)
                {
                    _outdated = _current;
                    RefreshBehind();
                }
            }
        }
    }

    /// <summary>The refresh as the key's owner elsewhere does it; null when it has to be done here.</summary>
    private async Task<Refreshed?> AskOwnerAsync(Flight flight, long minVersion)
    {
        if (_owner is null) return null;
        var maxAge = flight.BeganAt > flight.NotBefore ? flight.BeganAt - flight.NotBefore : TimeSpan.Zero;
        OwnersAnswer? owners;
        try
        {
            owners = await _owner.AskAsync(_key, _current, maxAge, minVersion).ConfigureAwait(false);
        }
        catch (MartException failed) when (failed.Failure != MartFailure.Failed && _current is null)
        {
            // It may be the owner's own way to the mart that is broken. With nothing to serve, one more attempt under the lease is better
            // than no answer; where the mart itself is away, this process's breaker bounds the attempts.
            owners = null;
        }
        _ownerName = owners?.Owner;
        if (owners is null) return null;
        var answer = owners.Answer;
        Adopt(answer.Snapshot);
        // The owner's last good answer is adopted, but its failure is this refresh's failure too: nothing was renewed.
        if (answer.Result == CacheResult.StaleOnError) throw new MartException(answer.Error!);
        // What was adopted may be newer still than the answer.
        return new(_current is { } now && now.Version > answer.Snapshot.Version ? now : answer.Snapshot, answer.Result == CacheResult.Miss, ByOwner: true);
    }

    private async Task<Refreshed> RefreshOnceAsync(bool wait, DateTimeOffset notBefore, long minVersion)
    {
        await LoadStoredAsync().ConfigureAwait(false);
        while (true)
        {
            // Another process may have done the work already.
            if (await AdoptStoredAsync(notBefore, minVersion).ConfigureAwait(false) is { } adopted) return new(adopted, Queried: false);

            // Renewed while the refresh runs: however long the mart takes, only a holder that died is replaced.
            var held = await HeldLease.TryTakeAsync(_leases, _key.ToString(), _holder, _options.Lease, _time, CancellationToken.None).ConfigureAwait(false);
            if (held is not null)
            {
                await using var giveBack = held.ConfigureAwait(false);
                // Once more under the lease: it may have been committed between the look and the taking.
                if (await AdoptStoredAsync(notBefore, minVersion).ConfigureAwait(false) is { } late) return new(late, Queried: false);
                if (await AskMartAsync(held.Lease).ConfigureAwait(false) is { } refreshed) return refreshed;
                LogLeaseLost(_key, held.Lease.Fence);
            }
            else if (!wait)
            {
                return default;
            }
            await Task.Delay(OtherHolderPoll, _time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>The change token first, then at most one query. Null when the lease was lost meanwhile: nothing was kept.</summary>
    private async Task<Refreshed?> AskMartAsync(Lease lease)
    {
        var began = Now();
        // The token is read before the rows: rows that are newer than their token cost one more query, never a missed change.
        var token = await _mart.GetChangeTokenAsync(_key.Month, CancellationToken.None).ConfigureAwait(false);
        var unchanged = _current is { } held && held.DataVersion == token ? held : null;
        var queried = false;
        Snapshot next;
        if (unchanged is not null)
        {
            next = unchanged with { CheckedAt = began };
        }
        else
        {
            var rows = _broader.Find(_key, token)?.Rows.WithPrefix(_key.Prefix);
            queried = rows is null;
            rows ??= await _mart.ReadAsync(_key, CancellationToken.None).ConfigureAwait(false);
            next = new Snapshot(_key, (_current?.Version ?? 0) + 1, token, began, began, rows);
        }
        if (await _snapshots.CommitAsync(lease, next, CancellationToken.None).ConfigureAwait(false) is not { } committed) return null;
        Adopt(committed);
        var took = Now() - began;
        CacheMetrics.Refreshed(_key.Mart, unchanged is not null ? "unchanged" : queried ? "queried" : "derived", took);
        LogRefreshed(_key, committed.Version, committed.Rows.Count, queried, took.TotalSeconds);
        return new(committed, queried);
    }

    /// <summary>Brings in what the store has, when it is newer; returns it when it is fresh enough to need no refresh.</summary>
    private async Task<Snapshot?> AdoptStoredAsync(DateTimeOffset notBefore, long minVersion)
    {
        var isAhead = false;
        if (await _snapshots.FindAsync(_key, CancellationToken.None).ConfigureAwait(false) is { } head)
        {
            // By a clock that is ahead of this one: when it was checked, nobody here knows.
            isAhead = head.CheckedAt > Now();
            if (_current is { } held && held.Version == head.Version && held.DataAsOf == head.DataAsOf)
            {
                if (!isAhead) Adopt(held with { CheckedAt = head.CheckedAt });
            }
            else if (_current is null || head.Version > _current.Version)
                await AdoptContentAsync().ConfigureAwait(false);
        }
        // What is known to be outdated here is not made good by another's clock: then the mart itself is asked.
        return !isAhead && _current is { } now && !ReferenceEquals(now, _outdated) && now.CheckedAt >= notBefore && now.Version >= minVersion ? now : null;
    }

    private Task LoadStoredAsync()
    {
        if (_loaded) return Task.CompletedTask;
        lock (_gate) return _loading ??= Task.Run(LoadOnceAsync, CancellationToken.None);

        async Task LoadOnceAsync()
        {
            await AdoptContentAsync().ConfigureAwait(false);
            _loaded = true;
        }
    }

    private async Task AdoptContentAsync()
    {
        if (await _snapshots.LoadAsync(_key, CancellationToken.None).ConfigureAwait(false) is { } stored) Adopt(stored);
    }

    /// <summary>A refresh under way.</summary>
    private sealed class Flight(DateTimeOffset beganAt, DateTimeOffset notBefore)
    {
        public DateTimeOffset BeganAt { get; } = beganAt;

        /// <summary>The oldest check that it may come back with.</summary>
        public DateTimeOffset NotBefore { get; } = notBefore;

        public Task<Refreshed> Task { get; set; } = null!;

        /// <summary>The mart changed while it ran, perhaps after it looked: another must follow.</summary>
        public bool Superseded { get; set; }
    }

    /// <summary>What a refresh came to; no snapshot when it left the work to another process.</summary>
    private readonly record struct Refreshed(Snapshot? Snapshot, bool Queried, bool ByOwner = false);
}
