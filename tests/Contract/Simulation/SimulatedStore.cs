using TransactionPipeline.Contract.History;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>
/// The shared store, by the statements of the one in PostgreSQL: each call is one step, what is in it is dated by its own clock, a released
/// lease keeps its fence, and a version is stored only above all of its month.
/// </summary>
internal sealed class SimulatedStore(World world)
{
    // Nobody else's clock is like it.
    private static readonly TimeSpan Off = TimeSpan.FromMinutes(37);

    private State _state = new([], [], [], []);
    private State? _copy;

    public StoreMode Mode { get; set; }

    /// <summary>Told of each snapshot that is stored with new rows, with the times of the store.</summary>
    public Action<Snapshot>? Committed { get; set; }

    private DateTimeOffset Now => world.Now + Off;

    /// <summary>Makes a copy for later.</summary>
    public void Copy() => _copy = _state.Copy();

    /// <summary>Puts the store back to its last copy, or makes it empty when there is none.</summary>
    public void Restore() => _state = _copy?.Copy() ?? new([], [], [], []);

    /// <summary>The store as a silo reaches it.</summary>
    public StoreLine Connect(Link link, TimeProvider time) => new(this, link, time);

    private void Refuse(Snapshot snapshot) => world.History.Add(
        new CommitRefused(world.Now, Keys.Told(snapshot.Key), new(snapshot.Version.Time, snapshot.Version.Issuer)));

    private sealed record State(
        Dictionary<string, (Lease Lease, DateTimeOffset Until)> Leases, Dictionary<Month, SnapshotVersion> Newest, Dictionary<QueryKey, Snapshot?> Snapshots,
        Dictionary<(Month, string DataVersion), DateTimeOffset> Checks)
    {
        public State Copy() => new(new(Leases), new(Newest), new(Snapshots), new(Checks));
    }

    /// <summary>A silo's line to the store.</summary>
    internal sealed class StoreLine(SimulatedStore store, Link link, TimeProvider time) : ISnapshotStore, ILeaseTable
    {
        // Released.
        private static readonly DateTimeOffset Never = DateTimeOffset.MinValue;

        /// <summary>The store's clock, as this silo knows it.</summary>
        public PostgresClock Clock { get; } = new(time);

        private Dictionary<string, (Lease Lease, DateTimeOffset Until)> Leases => store._state.Leases;

        private Dictionary<QueryKey, Snapshot?> Snapshots => store._state.Snapshots;

        private Dictionary<(Month, string DataVersion), DateTimeOffset> Checks => store._state.Checks;

        private DateTimeOffset Now => store.Now;

        public async Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken) => await LoadAsync(key, cancellationToken) is { } stored
            ? new SnapshotHead(stored.Version, stored.DataVersion, stored.DataAsOf, stored.CheckedAt)
            : null;

        public async Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken)
        {
            var asked = Clock.Now();
            var (found, server) = await ReadAsync(() => (Find(key), Now), cancellationToken);
            var clock = Clock.Take(asked, server);
            return found is null ? null : found with { DataAsOf = clock.FromServer(found.DataAsOf), CheckedAt = clock.FromServer(found.CheckedAt) };
        }

        public async Task<Committed> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken)
        {
            var clock = Clock.Last ?? await AskTimeAsync();
            var dated = snapshot with { DataAsOf = clock.ToServer(snapshot.DataAsOf), CheckedAt = clock.ToServer(snapshot.CheckedAt) };
            var committed = await WriteAsync(() => Commit(lease, dated), cancellationToken);
            // As it is heard. Of rows that were just read; of others only the check is refused, which they may have had in memory alone.
            if (committed.Outcome == CommitOutcome.LeaseLost && snapshot.CheckedAt == snapshot.DataAsOf) store.Refuse(snapshot);
            return committed;
        }

        public async Task NoteAsync(Mart mart, IReadOnlyCollection<MonthToken> seen, CancellationToken cancellationToken)
        {
            var clock = Clock.Last ?? await AskTimeAsync();
            var noted = seen.Select(token => (Key: (token.Month, token.DataVersion), At: clock.ToServer(token.AsOf))).ToList();
            await WriteAsync(() =>
            {
                foreach (var (check, at) in noted)
                {
                    if (Checks.GetValueOrDefault(check) < at) Checks[check] = at;
                }
                return true;
            }, cancellationToken);
        }

        // Nothing is swept here.
        public Task UseAsync(QueryKey key, CancellationToken cancellationToken) => WriteAsync(() => true, cancellationToken);

        public Task<Month?> FindNewestMonthAsync(Mart mart, CancellationToken cancellationToken) => ReadAsync(() =>
            Snapshots.Where(stored => stored.Value?.Rows.Count > 0).Select(stored => (Month?)stored.Key.Month).Max(), cancellationToken);

        public Task<bool> RemoveAsync(QueryKey key, CancellationToken cancellationToken) => WriteAsync(() =>
        {
            var was = Snapshots.GetValueOrDefault(key) is not null;
            if (was) Snapshots[key] = null;
            return was;
        }, cancellationToken);

        public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) => WriteAsync(() =>
            Leases.TryGetValue(name, out var held) && held.Until > Now ? null : Take(name, holder, duration), cancellationToken);

        public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) => WriteAsync(() =>
        {
            var isHeld = Leases.TryGetValue(lease.Name, out var held) && held.Lease == lease && held.Until > Never;
            if (isHeld) Leases[lease.Name] = (lease, Now + duration);
            return isHeld;
        }, cancellationToken);

        public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => WriteAsync(() =>
        {
            if (Leases.TryGetValue(lease.Name, out var held) && held.Lease.Holder == lease.Holder
                && (held.Lease.Fence == lease.Fence || lease.Fence == Lease.UnknownFence)) Leases[lease.Name] = (held.Lease, Never);
            return true;
        }, cancellationToken);

        public Task<string?> FindHolderAsync(string name, CancellationToken cancellationToken) => ReadAsync(() =>
            Leases.TryGetValue(name, out var held) && held.Until > Now ? held.Lease.Holder : null, cancellationToken);

        public Task<Lease?> TakeOverAsync(string name, string ended, string holder, TimeSpan duration, CancellationToken cancellationToken) => WriteAsync(() =>
            Leases.TryGetValue(name, out var held) && held.Lease.Holder == ended ? Take(name, holder, duration) : null, cancellationToken);

        private async Task<PostgresClock.Sample> AskTimeAsync()
        {
            var asked = Clock.Now();
            return Clock.Take(asked, await ReadAsync(() => Now, CancellationToken.None));
        }

        private Snapshot? Find(QueryKey key)
        {
            if (Snapshots.GetValueOrDefault(key) is not { } stored) return null;
            return Checks.GetValueOrDefault((key.Month, stored.DataVersion)) is var seen && seen > stored.CheckedAt ? stored with { CheckedAt = seen } : stored;
        }

        private Committed Commit(Lease lease, Snapshot snapshot)
        {
            var stored = Snapshots.GetValueOrDefault(snapshot.Key);
            if (!Leases.TryGetValue(lease.Name, out var held) || held.Lease != lease)
                return new Committed(CommitOutcome.LeaseLost);
            if (stored?.Version == snapshot.Version)
            {
                Snapshots[snapshot.Key] = stored with { CheckedAt = snapshot.CheckedAt };
                return new Committed(CommitOutcome.Stored);
            }
            var newest = store._state.Newest.GetValueOrDefault(snapshot.Key.Month);
            if (newest >= snapshot.Version) return new Committed(CommitOutcome.Outrun, newest);
            store._state.Newest[snapshot.Key.Month] = snapshot.Version;
            Snapshots[snapshot.Key] = snapshot;
            store.Committed?.Invoke(snapshot);
            return new Committed(CommitOutcome.Stored);
        }

        private Lease Take(string name, string holder, TimeSpan duration)
        {
            var lease = new Lease(name, holder, Leases.TryGetValue(name, out var before) ? before.Lease.Fence + 1 : 1);
            Leases[name] = (lease, Now + duration);
            return lease;
        }

        private Task<T> ReadAsync<T>(Func<T> read, CancellationToken cancellationToken) => CallAsync(read, isWrite: false, cancellationToken);

        private Task<T> WriteAsync<T>(Func<T> write, CancellationToken cancellationToken) => CallAsync(write, isWrite: true, cancellationToken);

        private Task<T> CallAsync<T>(Func<T> call, bool isWrite, CancellationToken cancellationToken)
        {
            var dice = store.World.Dice;
            var takes = store.Mode switch
            {
                StoreMode.Slow => dice.Between(100_000, 3_000_000),
                // A statement has so long, and no longer.
                StoreMode.Hangs => 5_000_000,
                _ => dice.Between(200, 10_000),
            };
            var isAway = store.Mode == StoreMode.Hangs;
            return link.CallAsync(
                TimeSpan.FromMicroseconds(takes),
                () =>
                    store.Mode == StoreMode.Down ? throw new StoreException("the store is away")
                    : isWrite && store.Mode == StoreMode.ReadOnly ? throw new StoreException("the store is read-only")
                    // What was sent to it may yet be done, also where nobody hears of it.
                    : isAway && dice.Percent(50) ? throw new StoreException("the store did not answer in time")
                    : call(),
                failure => failure ?? (isAway || store.Mode == StoreMode.Down ? new StoreException("the store is away") : null),
                cancellationToken: cancellationToken);
        }
    }

    private World World => world;
}

/// <summary>How the store is.</summary>
internal enum StoreMode
{
    Well,
    Slow,
    Hangs,
    Down,
    ReadOnly,
}
