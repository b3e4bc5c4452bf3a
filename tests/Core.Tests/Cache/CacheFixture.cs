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
    private readonly List<LocalKeyOwner> _owners = [];
    private readonly List<SqliteStore> _databases = [];

    public SteppedTime Time { get; } = new(new DateTimeOffset(2023, 11, 1, 12, 0, 0, TimeSpan.Zero));

    public FakeMart Mart { get; } = new();

    public CacheOptions Options { get; } = new();

    public SqliteSnapshotStore Snapshots => new(Database());

    public SqliteLeaseStore Leases => new(Database(), Time);

    /// <summary>
    /// One more process over the same store; with a remote owner, what it holds are copies in front of that. A process with a clock of
    /// its own that stands still is one that hangs: none of its timers fires.
    /// </summary>
    public LocalKeyOwner Owner(IRemoteOwner? remote = null, ILeaseStore? leases = null, TimeProvider? clock = null)
    {
        var store = new FallbackStore(Snapshots, leases ?? Leases, new SqliteDailyCounts(Database()), Time, NullLogger<FallbackStore>.Instance);
        var owner = new LocalKeyOwner(new CachedQueryContext(
            new Dictionary<Part, IMartSource> { [Part.Warehouse] = Mart, [Part.Operational] = Mart },
            store, store, Options, clock ?? Time, NullLogger<CachedQuery>.Instance, $"process {_owners.Count}") { RemoteOwner = remote });
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
        foreach (var database in _databases) database.Dispose();
        _directory.Delete(recursive: true);
    }

    private SqliteStore Database()
    {
        var database = SqliteStore.In(new StateOptions(_directory.FullName));
        _databases.Add(database);
        return database;
    }
}
