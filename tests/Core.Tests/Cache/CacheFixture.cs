using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;
using Part = TransactionPipeline.Core.Marts.Mart;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>Owners over one fake mart and one real SQLite store, as several processes of one machine would be.</summary>
internal sealed class CacheFixture : IAsyncDisposable
{
    public static readonly QueryKey Key = new(Part.Warehouse, "Halal", new Month(2023, 10));
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cache-tests-");
    private readonly List<KeyTable> _owners = [];
    private readonly List<SqliteStore> _databases = [];
    private readonly List<LeaseKeeper> _keepers = [];

    public SteppedTime Time { get; } = new(new DateTimeOffset(2023, 11, 1, 12, 0, 0, TimeSpan.Zero));

    public FakeMart Mart { get; } = new();

    public CacheOptions Options { get; } = new();

    /// <summary>The processes do not reach the store; this fixture does.</summary>
    public bool IsStoreAway { get; set; }

    /// <summary>What the processes' loading of a key from the store waits for.</summary>
    public Func<QueryKey, Task> Loading { get; set; } = static _ => Task.CompletedTask;

    /// <summary>The processes, by the names of their owners' holders, that are known to have ended.</summary>
    public List<string> Ended { get; } = [];

    public SqliteSnapshotStore Snapshots => new(Database(), Time);

    public SqliteLeaseStore Leases => new(Database(), Time);

    public SqliteStoreSweeper Sweeper => new(Database());

    /// <summary>
    /// One more process over the same store; with a remote owner, what it holds are copies in front of that. A process with a clock of
    /// its own that stands still is one that hangs: none of its timers fires.
    /// </summary>
    public KeyTable Owner(IRemoteOwner? remote = null, ILeaseStore? leases = null, TimeProvider? clock = null)
    {
        var store = new FallbackStore(
            new SometimesAway(this), leases ?? Keeper(), new SqliteDailyCounts(Database()), Time, NullLogger<FallbackStore>.Instance);
        var owner = new KeyTable(new CachedQueryContext(
            new Dictionary<Part, IMartSource> { [Part.Warehouse] = Mart, [Part.Operational] = Mart },
            store, store, Options, clock ?? Time, new VersionClock(clock ?? Time, _owners.Count + 1), NullLogger<KeyTable>.Instance, $"process {_owners.Count}")
        { RemoteOwner = remote, Name = $"process {_owners.Count}" });
        _owners.Add(owner);
        return owner;
    }

    /// <summary>A change of the mart, a moment after what came before it.</summary>
    public void Change(string version, decimal amount)
    {
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Mart.Change(version, amount);
        Time.Advance(TimeSpan.FromMilliseconds(1));
    }

    /// <summary>Puts a snapshot into the store as its only one, whatever was there.</summary>
    public void RestoreStore(Snapshot snapshot)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.FullName, "store.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            UPDATE snapshots SET version = $version, issuer = $issuer, data_version = $data_version, content = $content,
                data_as_of = $data_as_of, checked_at = $checked_at;
            UPDATE month_versions SET version = $version, issuer = $issuer;
            DELETE FROM month_checks;
            """;
        command.Parameters.AddWithValue("$version", snapshot.Version.Time);
        command.Parameters.AddWithValue("$issuer", snapshot.Version.Issuer);
        command.Parameters.AddWithValue("$data_version", snapshot.DataVersion);
        command.Parameters.AddWithValue("$content", SnapshotCodec.Encode(snapshot.Rows));
        command.Parameters.AddWithValue("$data_as_of", Microseconds(snapshot.DataAsOf));
        command.Parameters.AddWithValue("$checked_at", Microseconds(snapshot.CheckedAt));
        Assert.InRange(command.ExecuteNonQuery(), 2, int.MaxValue);

        static long Microseconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    }

    /// <summary>When the store was last told that somebody asks for what is in it; null when it never was.</summary>
    public DateTimeOffset? UsedAt()
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.FullName, "store.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT max(used_at) FROM snapshots";
        return command.ExecuteScalar() is long microseconds ? DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds) : null;
    }

    /// <summary>Waits for a task, while fake time passes for those who wait for another process.</summary>
    public Task<T> WithTimeAsync<T>(Task<T> task, string phase) => WithTimeAsync(Time, task, phase);

    public static async Task<T> WithTimeAsync<T>(SteppedTime time, Task<T> task, string phase)
    {
        using var done = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var waiting = task.ContinueWith(_ => done.CancelAsync(), TaskScheduler.Default).Unwrap();
        try
        {
            while (true)
            {
                // Some may have looked away for 50 ms; who waits longer, for a lease to be over say, is let wait as often as it takes.
                await time.NextTimerAsync(done.Token);
                time.Advance(TimeSpan.FromMilliseconds(50));
            }
        }
        catch (OperationCanceledException) when (task.IsCompleted)
        {
            await waiting;
            return await task;
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"{phase} did not happen", late);
        }
    }

    public static async Task<T> ResultInTimeAsync<T>(Task<T> task, string phase)
    {
        await InTimeAsync(task, phase);
        return await task;
    }

    public static async Task InTimeAsync(Task task, string phase)
    {
        try
        {
            await task.WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{phase} did not happen", late);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var owner in _owners) await owner.DisposeAsync();
        foreach (var keeper in _keepers) await keeper.DisposeAsync();
        foreach (var database in _databases) database.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>The store as a process reaches it.</summary>
    private sealed class SometimesAway(CacheFixture cache) : ISnapshotStore, ILeaseTable
    {
        private readonly SqliteSnapshotStore _snapshots = cache.Snapshots;
        private readonly SqliteLeaseStore _leases = cache.Leases;

        private SqliteSnapshotStore Snapshots => cache.IsStoreAway ? throw new IOException("the store is away") : _snapshots;

        private SqliteLeaseStore Leases => cache.IsStoreAway ? throw new IOException("the store is away") : _leases;

        public Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken) => Snapshots.FindAsync(key, cancellationToken);

        public async Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken)
        {
            await cache.Loading(key);
            return await Snapshots.LoadAsync(key, cancellationToken);
        }

        public Task<Committed> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken) =>
            Snapshots.CommitAsync(lease, snapshot, cancellationToken);

        public Task NoteAsync(Part mart, IReadOnlyCollection<MonthToken> seen, CancellationToken cancellationToken) => Snapshots.NoteAsync(mart, seen, cancellationToken);

        public Task UseAsync(QueryKey key, CancellationToken cancellationToken) => Snapshots.UseAsync(key, cancellationToken);

        public Task<Month?> FindNewestMonthAsync(Part mart, CancellationToken cancellationToken) => Snapshots.FindNewestMonthAsync(mart, cancellationToken);

        public Task<bool> RemoveAsync(QueryKey key, CancellationToken cancellationToken) => Snapshots.RemoveAsync(key, cancellationToken);

        public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
            Leases.TryAcquireAsync(name, holder, duration, cancellationToken);

        public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) => Leases.RenewAsync(lease, duration, cancellationToken);

        public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => Leases.ReleaseAsync(lease, cancellationToken);

        public Task<string?> FindHolderAsync(string name, CancellationToken cancellationToken) => Leases.FindHolderAsync(name, cancellationToken);

        public Task<Lease?> TakeOverAsync(string name, string ended, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
            Leases.TakeOverAsync(name, ended, holder, duration, cancellationToken);
    }

    /// <summary>What is known of other processes.</summary>
    private sealed class Known(CacheFixture cache) : ILeaseHolders
    {
        public string Own => "this process";

        public bool HasEnded(string holder) => cache.Ended.Any(process => holder.StartsWith(process + "/", StringComparison.Ordinal));
    }

    private LeaseKeeper Keeper()
    {
        var keeper = new LeaseKeeper(new SometimesAway(this), new Known(this), Time);
        _keepers.Add(keeper);
        return keeper;
    }

    private SqliteStore Database()
    {
        var database = SqliteStore.In(new StateOptions(_directory.FullName));
        _databases.Add(database);
        return database;
    }
}
