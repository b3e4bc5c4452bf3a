using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Tests.Faults;
using TransactionPipeline.Core.Tests.Watch;
using TransactionPipeline.Core.Watch;
using static TransactionPipeline.Testing.MartHarness;

namespace TransactionPipeline.Core.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresListenerTests(PostgresFixture server)
{
    private static readonly QueryKey Key = new(Mart.Operational, "Halal", Month.Parse("2023-10"));
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Transform_ElsewhereWhileListening_ShowsWithoutAPoll()
    {
        // No time passes for the watcher: only a notification can be why.
        await using var replica = new Replica(await server.CreateDatabaseAsync(), server, new FakeTimeProvider());
        await replica.StartAsync();
        await replica.WaitUntilListeningAsync();

        await replica.ChangeAsync(2m);

        await replica.WaitForAsync(2m);
    }

    [Fact]
    public async Task Transform_NobodyIsNotified_ShowsAtTheNextPollAndNotBefore()
    {
        var options = await server.CreateDatabaseAsync();
        await using var proxy = new TcpProxy(server.Port);
        proxy.Silence("LISTEN ");
        options.Port = proxy.Port;
        var time = new CountedTime();
        await using var replica = new Replica(options, server, time);
        await replica.StartAsync();
        replica.Listen();
        await time.WaitForTimerAsync();

        await replica.ChangeAsync(2m);
        Assert.Equal(1m, await replica.PriceAsync());
        time.Advance(new CacheOptions().Poll);

        await replica.WaitForAsync(2m);
        Assert.False(replica.IsListening);
        // Or it would still wait for an answer when it is disposed.
        proxy.Fault = TcpFault.Reset;
    }

    [Fact]
    public async Task Transform_AfterListenWasCut_IsHeardOfAgain()
    {
        var options = await server.CreateDatabaseAsync();
        await using var replica = new Replica(options, server, new FakeTimeProvider());
        await replica.StartAsync();
        await replica.WaitUntilListeningAsync();

        await server.ExecuteAsync("postgres",
            $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{options.Database}' AND query ILIKE '%LISTEN%' AND pid <> pg_backend_pid()");
        await replica.ChangeAsync(3m);

        await replica.WaitForAsync(3m);
    }

    [Fact]
    public async Task Transform_AfterPostgresWasRestarted_IsHeardOfAgain()
    {
        await using var own = new OwnServer();
        var restarting = await own.StartAsync();
        await using var replica = new Replica(await restarting.CreateDatabaseAsync(), restarting, new FakeTimeProvider());
        await replica.StartAsync();
        await replica.WaitUntilListeningAsync();

        await restarting.StopAsync();
        await restarting.StartAsync();
        await replica.ChangeAsync(4m);

        await replica.WaitForAsync(4m);
    }

    /// <summary>Tells when the watcher has begun to wait for its next poll.</summary>
    private sealed class CountedTime : FakeTimeProvider
    {
        private readonly TaskCompletionSource _timer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task WaitForTimerAsync() => _timer.Task.WaitAsync(Patience);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _timer.TrySetResult();
            return timer;
        }
    }

    /// <summary>What a process holds, and word of each thing that it learns.</summary>
    private sealed class Heard(KeyTable owner) : IHeldKeys
    {
        private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Next => Volatile.Read(ref _next).Task;

        public IReadOnlyCollection<Month> MonthsOf(Mart mart) => owner.MonthsOf(mart);

        public void Learn(Mart mart, Month month, string dataVersion, DateTimeOffset asOf)
        {
            owner.Learn(mart, month, dataVersion, asOf);
            Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    /// <summary>A process with its cache, whose watcher lives by a clock of the test's, and a way to change the mart past it.</summary>
    private sealed class Replica : IAsyncDisposable
    {
        private readonly PostgresMartHarness _mart;
        private readonly PostgresMartHarness _elsewhere;
        private readonly PostgresStoreHarness _store;
        private readonly GuardedMartSource _guarded;
        private readonly KeyTable _owner;
        private readonly Heard _heard;
        private readonly MartWatcher _watcher;
        private readonly PostgresListener _listener;

        public Replica(PostgresOptions options, PostgresServer server, TimeProvider watching)
        {
            _mart = new PostgresMartHarness(options);
            _elsewhere = new PostgresMartHarness(server.OptionsFor(options.Database));
            _store = new PostgresStoreHarness(server, options);
            _guarded = new GuardedMartSource(_mart.Operational, new(), TimeProvider.System);
            var sources = new Dictionary<Mart, IMartSource> { [Mart.Operational] = _guarded };
            var cache = new CacheOptions { FreshForSeconds = 3600, RetryAfterErrorSeconds = 0.1 };
            var shared = new FallbackStore(_store.NewSnapshots(), _store.NewLeases(), _store.NewCounts(), TimeProvider.System, NullLogger<FallbackStore>.Instance);
            _owner = new KeyTable(new CachedQueryContext(
                sources, shared, shared, cache, TimeProvider.System, new VersionClock(TimeProvider.System, Random.Shared.NextInt64()), NullLogger<KeyTable>.Instance, Guid.NewGuid().ToString()));
            _heard = new Heard(_owner);
            var watches = new Dictionary<Mart, IMartWatch> { [Mart.Operational] = new Unshared(_guarded, cache) };
            _watcher = new MartWatcher(
                watches, sources, _heard, new NewestMonths(watches, shared, cache, TimeProvider.System), Options.Create(cache), watching,
                NullLogger<MartWatcher>.Instance);
            _listener = new PostgresListener(_mart.Database, _watcher, _heard, TimeProvider.System, NullLogger<PostgresListener>.Instance);
        }

        public bool IsListening => _listener.IsListening;

        /// <summary>Ends once the watcher has had its first look.</summary>
        public async Task StartAsync()
        {
            await ChangeAsync(1m);
            await PriceAsync();
            var looked = _heard.Next;
            await _watcher.StartAsync(CancellationToken.None);
            await looked.WaitAsync(Patience);
        }

        public void Listen() => _ = _listener.StartAsync(CancellationToken.None);

        /// <summary>Who listens wakes the watcher, which has no other reason to look again.</summary>
        public async Task WaitUntilListeningAsync()
        {
            var looked = _heard.Next;
            await _listener.StartAsync(CancellationToken.None);
            await looked.WaitAsync(Patience);
        }

        public async Task ChangeAsync(decimal price)
        {
            // As an operator would: what failed for a passing reason is tried again.
            await FaultyLine.RecoverAsync(async () => await _elsewhere.LoadAsync(Sale("1", "Halal Tea", price, 1, "2023-10-01")));
            await FaultyLine.RecoverAsync(() => _elsewhere.TransformAsync());
        }

        public async Task<decimal> PriceAsync() => (await _owner.GetAsync(Key, CacheDemand.Default, CancellationToken.None)).Snapshot.Rows[0].AvgPrice;

        /// <summary>After each thing that is learned, and the refresh that follows from it, looks whether that price is served.</summary>
        public async Task WaitForAsync(decimal price)
        {
            while (true)
            {
                var next = _heard.Next;
                await _owner.WhenIdleAsync();
                if (await PriceAsync() == price) return;
                try
                {
                    await next.WaitAsync(Patience);
                }
                catch (TimeoutException late)
                {
                    throw new TimeoutException($"{price} is not served, and nothing was learned of it in {Patience}", late);
                }
            }
        }

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
    }

    /// <summary>Each look by a watch of its own: two polls of the test may be closer together than a poll is long.</summary>
    private sealed class Unshared(IMartSource mart, CacheOptions options) : IMartWatch
    {
        public void Subscribe(Action<MartNews> listener)
        {
        }

        public Task<MartNews> LookAsync(IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken) =>
            Watches.Over(mart, options, TimeProvider.System).LookAsync(months, woken, cancellationToken);

        public Task<KnownMonth> FindNewestMonthAsync(CancellationToken cancellationToken) => MartWatch.AskNewestMonthAsync(mart, TimeProvider.System);
    }
}
