using System.Collections.Concurrent;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>The shared store in memory, by its contract; each call takes a step of the scheduler before it is done, and one after it.</summary>
internal sealed class MemoryStore(TimeProvider time, Action step) : ISnapshotStore, ILeaseTable
{
    private readonly Dictionary<QueryKey, Snapshot> _snapshots = [];
    private readonly Dictionary<(Mart, Month), SnapshotVersion> _newest = [];
    private readonly Dictionary<string, (Lease Lease, DateTimeOffset Until)> _leases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _fences = new(StringComparer.Ordinal);

    public bool IsAway { get; set; }

    /// <summary>What was seen of months, as it was told.</summary>
    public ConcurrentQueue<IReadOnlyCollection<MonthToken>> Noted { get; } = new();

    public Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken) => CallAsync(() =>
        _snapshots.TryGetValue(key, out var stored) ? new SnapshotHead(stored.Version, stored.DataVersion, stored.DataAsOf, stored.CheckedAt) : null);

    public Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken) => CallAsync(() => _snapshots.GetValueOrDefault(key));

    public Task<Committed> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken) => CallAsync(() =>
    {
        if (!IsHeld(lease)) return new Committed(CommitOutcome.LeaseLost);
        var month = (snapshot.Key.Mart, snapshot.Key.Month);
        var newest = _newest.GetValueOrDefault(month);
        if (_snapshots.GetValueOrDefault(snapshot.Key)?.Version != snapshot.Version)
        {
            if (snapshot.Version <= newest) return new Committed(CommitOutcome.Outrun, newest);
            _newest[month] = snapshot.Version;
        }
        _snapshots[snapshot.Key] = snapshot;
        return new Committed(CommitOutcome.Stored);
    });

    // What it makes nothing of costs a refresh, and makes no answer wrong.
    public Task NoteAsync(Mart mart, IReadOnlyCollection<MonthToken> seen, CancellationToken cancellationToken) => CallAsync(() =>
    {
        Noted.Enqueue(seen);
        return true;
    });

    public Task UseAsync(QueryKey key, CancellationToken cancellationToken) => CallAsync(() => true);

    public Task<Month?> FindNewestMonthAsync(Mart mart, CancellationToken cancellationToken) => CallAsync(() =>
        _snapshots.Keys.Where(key => key.Mart == mart).Select(key => (Month?)key.Month).Max());

    public Task<bool> RemoveAsync(QueryKey key, CancellationToken cancellationToken) => CallAsync(() => _snapshots.Remove(key));

    public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
        CallAsync(() => _leases.TryGetValue(name, out var held) && held.Until > time.GetUtcNow() ? null : Take(name, holder, duration));

    public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) => CallAsync(() =>
    {
        var isHeld = IsHeld(lease);
        if (isHeld) _leases[lease.Name] = (lease, time.GetUtcNow() + duration);
        return isHeld;
    });

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => CallAsync(() =>
        _leases.TryGetValue(lease.Name, out var held) && held.Lease.Holder == lease.Holder && _leases.Remove(lease.Name));

    public Task<string?> FindHolderAsync(string name, CancellationToken cancellationToken) => CallAsync(() =>
        _leases.TryGetValue(name, out var held) && held.Until > time.GetUtcNow() ? held.Lease.Holder : null);

    public Task<Lease?> TakeOverAsync(string name, string ended, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
        CallAsync(() => _leases.TryGetValue(name, out var held) && held.Lease.Holder != ended ? null : Take(name, holder, duration));

    private Lease? Take(string name, string holder, TimeSpan duration)
    {
        var lease = new Lease(name, holder, _fences[name] = _fences.GetValueOrDefault(name) + 1);
        _leases[name] = (lease, time.GetUtcNow() + duration);
        return lease;
    }

    private bool IsHeld(Lease lease) => _fences.GetValueOrDefault(lease.Name) == lease.Fence && _leases.ContainsKey(lease.Name);

    private async Task<T> CallAsync<T>(Func<T> call)
    {
        step();
        await Task.Yield();
        step();
        if (IsAway) throw new IOException("the store is away");
        var result = call();
        await Task.Yield();
        step();
        return IsAway ? throw new IOException("the store is away") : result;
    }
}
