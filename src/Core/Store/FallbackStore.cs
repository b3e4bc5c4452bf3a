using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store;

/// <summary>
/// The shared store with its failures taken out: while it is down nothing is found in it, leases and counts are this process's own and
/// commits go to memory alone, so answers go on and refreshes fall back to one for each process.
/// </summary>
public sealed partial class FallbackStore(
    ISnapshotStore snapshots, ILeaseStore leases, IDailyCounts counts, TimeProvider time, ILogger<FallbackStore> logger)
    : ISnapshotStore, ILeaseStore, IDailyCounts
{
    /// <summary>The fence of a lease that the store knows nothing of.</summary>
    private const long NoFence = 0;

    // A store that fails at once costs nothing to ask again; one that lets every caller wait first is left alone for a while.
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeftAlone = TimeSpan.FromSeconds(5);

    // What was counted while the store was down, and is added to it when it is back.
    private readonly LocalCounts _missed = new();
    private volatile string? _problem;
    private long _askAgainAt = long.MinValue;

    /// <summary>Why the store is not used at present; null while it works. For health.</summary>
    public string? Problem => _problem;

    /// <inheritdoc/>
    public Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken) =>
        TryAsync(() => snapshots.FindAsync(key, cancellationToken), () => null);

    /// <inheritdoc/>
    public Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken) =>
        TryAsync(() => snapshots.LoadAsync(key, cancellationToken), () => null);

    /// <inheritdoc/>
    public Task<Committed> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken) =>
        lease.Fence == NoFence
            ? Task.FromResult(new Committed(CommitOutcome.Stored))
            : TryAsync(() => snapshots.CommitAsync(lease, snapshot, cancellationToken), () => new(CommitOutcome.Stored));

    /// <inheritdoc/>
    public Task NoteAsync(Mart mart, IReadOnlyCollection<MonthToken> seen, CancellationToken cancellationToken) =>
        TryAsync(() => snapshots.NoteAsync(mart, seen, cancellationToken));

    /// <inheritdoc/>
    public Task UseAsync(QueryKey key, CancellationToken cancellationToken) => TryAsync(() => snapshots.UseAsync(key, cancellationToken));

    /// <inheritdoc/>
    public Task<Month?> FindNewestMonthAsync(Mart mart, CancellationToken cancellationToken) =>
        TryAsync(() => snapshots.FindNewestMonthAsync(mart, cancellationToken), () => null);

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(QueryKey key, CancellationToken cancellationToken) =>
        TryAsync(() => snapshots.RemoveAsync(key, cancellationToken), () => false);

    /// <inheritdoc/>
    public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
        TryAsync(() => leases.TryAcquireAsync(name, holder, duration, cancellationToken), () => new Lease(name, holder, NoFence));

    /// <inheritdoc/>
    public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) =>
        lease.Fence == NoFence ? Task.FromResult(true) : TryAsync(() => leases.RenewAsync(lease, duration, cancellationToken), () => true);

    /// <inheritdoc/>
    public async Task ReleaseAsync(Lease lease, CancellationToken cancellationToken)
    {
        if (lease.Fence == NoFence) return;
        if (IsLeftAlone)
        {
            // Not waited for; and whoever keeps the leases goes on giving back what could not be.
            _ = leases.ReleaseAsync(lease, CancellationToken.None).SettledAsync();
            return;
        }
        await TryAsync(() => leases.ReleaseAsync(lease, cancellationToken));
    }

    /// <inheritdoc/>
    public Task<bool> TryAddAsync(string name, DateOnly day, long amount, long limit, CancellationToken cancellationToken) => TryAsync(
        async () =>
        {
            await AddMissedAsync(name, day, cancellationToken);
            return await counts.TryAddAsync(name, day, amount, limit, cancellationToken);
        },
        () => _missed.TryAdd(name, day, amount, limit));

    private bool IsLeftAlone => time.GetTimestamp() < Interlocked.Read(ref _askAgainAt);

    private async Task AddMissedAsync(string name, DateOnly day, CancellationToken cancellationToken)
    {
        var missed = _missed.Take(name, day);
        if (missed == 0) return;
        try
        {
            await counts.TryAddAsync(name, day, missed, long.MaxValue, cancellationToken);
        }
        catch
        {
            _missed.TryAdd(name, day, missed, long.MaxValue);
            throw;
        }
    }

    private Task TryAsync(Func<Task> attempt) => TryAsync(
        async () =>
        {
            await attempt();
            return true;
        },
        () => false);

    private async Task<T> TryAsync<T>(Func<Task<T>> attempt, Func<T> fallback)
    {
        if (IsLeftAlone) return fallback();
        var began = time.GetTimestamp();
        try
        {
            var result = await attempt();
            if (_problem is not null)
            {
                _problem = null;
                LogBack();
            }
            return result;
        }
        catch (Exception error) when (error is System.Data.Common.DbException or IOException or TimeoutException or UnauthorizedAccessException)
        {
            // Said once for each outage, not for each call.
            if (_problem is null) LogDown(error);
            _problem = "the shared store does not answer";
            if (time.GetElapsedTime(began) >= Slow)
                Interlocked.Exchange(ref _askAgainAt, time.GetTimestamp() + (long)(LeftAlone.TotalSeconds * time.TimestampFrequency));
            return fallback();
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The shared store does not answer: answers go on from memory, refreshes are this process's own")]
    private partial void LogDown(Exception error);

    [LoggerMessage(2, LogLevel.Information, "The shared store answers again")]
    private partial void LogBack();
}
