using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using static TransactionPipeline.Core.Tests.Marts.MartHarness;

namespace TransactionPipeline.Core.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresListenerTests(PostgresFixture server)
{
    private static readonly QueryKey Key = new(Mart.Operational, "Halal", Month.Parse("2023-10"));

    [Fact]
    public async Task Transform_ElsewhereWhileListening_ShowsWithoutAPoll()
    {
        // The poll is so rare that only a notification can be why.
        await using var replica = new Replica(await server.CreateDatabaseAsync(), server, poll: TimeSpan.FromHours(1));
        await replica.StartAsync();

        await replica.ChangeAsync(2m);

        await replica.WaitForAsync(2m, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Transform_WhileListenIsCut_ShowsByThePoll()
    {
        var options = await server.CreateDatabaseAsync();
        await using var replica = new Replica(options, server, poll: TimeSpan.FromSeconds(1));
        await replica.StartAsync();

        await server.ExecuteAsync("postgres",
            $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{options.Database}' AND query ILIKE '%LISTEN%' AND pid <> pg_backend_pid()");
        await replica.ChangeAsync(3m);

        await replica.WaitForAsync(3m, TimeSpan.FromSeconds(10));
        await replica.WaitUntilListeningAsync();
    }

    [Fact]
    public async Task Transform_AfterPostgresWasRestarted_ShowsAndIsListenedForAgain()
    {
        await using var own = new OwnServer();
        var restarting = await own.StartAsync();
        await using var replica = new Replica(await restarting.CreateDatabaseAsync(), restarting, poll: TimeSpan.FromSeconds(1));
        await replica.StartAsync();

        await restarting.StopAsync();
        await restarting.StartAsync();
        await replica.ChangeAsync(4m);

        await replica.WaitForAsync(4m, TimeSpan.FromSeconds(10));
        await replica.WaitUntilListeningAsync();
    }

    /// <summary>A process with its cache, and a way to change the mart past it.</summary>
    private sealed class Replica : IAsyncDisposable
    {
        private readonly PostgresMartHarness _mart;
        private readonly PostgresMartHarness _elsewhere;
        private readonly PostgresStoreHarness _store;
        private readonly GuardedMartSource _guarded;
        private readonly LocalKeyOwner _owner;
        private readonly MartWatcher _watcher;
        private readonly PostgresListener _listener;

        public Replica(PostgresOptions options, PostgresServer server, TimeSpan poll)
        {
            _mart = new PostgresMartHarness(options);
            _elsewhere = new PostgresMartHarness(options);
            _store = new PostgresStoreHarness(server, options);
            _guarded = new GuardedMartSource(_mart.Operational, new(), TimeProvider.System);
            var sources = new Dictionary<Mart, IMartSource> { [Mart.Operational] = _guarded };
            var cache = new CacheOptions { PollSeconds = poll.TotalSeconds, FreshForSeconds = 3600, RetryAfterErrorSeconds = 0.1 };
            var shared = new FallbackStore(_store.NewSnapshots(), _store.NewLeases(), _store.NewCounts(), TimeProvider.System, NullLogger<FallbackStore>.Instance);
            _owner = new LocalKeyOwner(new CachedQueryContext(
                sources, shared, shared, cache, TimeProvider.System, NullLogger<CachedQuery>.Instance, Guid.NewGuid().ToString()));
            _watcher = new MartWatcher(
                _owner, new MartChangeTokens(sources, Options.Create(cache), TimeProvider.System), new NewestMonth(sources, cache, TimeProvider.System), sources, Options.Create(cache), TimeProvider.System,
                NullLogger<MartWatcher>.Instance);
            _listener = new PostgresListener(_mart.Database, _watcher, _owner, TimeProvider.System, NullLogger<PostgresListener>.Instance);
        }

        public async Task StartAsync()
        {
            await ChangeAsync(1m);
            await _owner.GetAsync(Key, CacheDemand.Default, CancellationToken.None);
            await _watcher.StartAsync(CancellationToken.None);
            await _listener.StartAsync(CancellationToken.None);
            await WaitUntilListeningAsync();
        }

        public async Task ChangeAsync(decimal price)
        {
            // As an operator would: what failed for a passing reason is tried again.
            while (true)
            {
                try
                {
                    await _elsewhere.LoadAsync(Sale("1", "Halal Tea", price, 1, "2023-10-01"));
                    await _elsewhere.TransformAsync();
                    return;
                }
                catch (MartException lost) when (lost.Failure == MartFailure.Transient)
                {
                    await Task.Yield();
                }
            }
        }

        public Task WaitUntilListeningAsync() => WaitAsync("listening", () => Task.FromResult(_listener.IsListening), TimeSpan.FromSeconds(10));

        public Task WaitForAsync(decimal price, TimeSpan limit) => WaitAsync(
            $"serving {price}",
            async () => (await _owner.GetAsync(Key, CacheDemand.Default, CancellationToken.None)).Snapshot.Rows[0].AvgPrice == price,
            limit);

        public async ValueTask DisposeAsync()
        {
            await _listener.StopAsync(CancellationToken.None);
            await _watcher.StopAsync(CancellationToken.None);
            await _owner.DisposeAsync();
            _listener.Dispose();
            _watcher.Dispose();
            _guarded.Dispose();
            await _store.DisposeAsync();
            await _elsewhere.DisposeAsync();
            await _mart.DisposeAsync();
        }

        private static async Task WaitAsync(string phase, Func<Task<bool>> isSo, TimeSpan limit)
        {
            var clock = Stopwatch.StartNew();
            while (!await isSo())
            {
                if (clock.Elapsed > limit) throw new TimeoutException($"Not within {limit}: {phase}");
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }
    }
}
