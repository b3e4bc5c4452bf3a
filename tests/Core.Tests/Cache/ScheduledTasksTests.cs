using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Tests.Watch;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>A test can own the order of all that the cache does: no work of it leaves the scheduler that it was started on.</summary>
public sealed class ScheduledTasksTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Cache_UnderASeededScheduler_DoesTheSameAgain(int seed)
    {
        var first = new Story(seed).Run();

        Assert.Equal(first, new Story(seed).Run());
        Assert.Contains(first, told => told.Contains(" read ", StringComparison.Ordinal));
    }

    [Fact]
    public void Cache_UnderOtherSeeds_TakesOtherOrders() =>
        Assert.InRange(Enumerable.Range(0, 20).Select(seed => string.Join('\n', new Story(seed).Run())).Distinct(StringComparer.Ordinal).Count(), 10, 20);

    /// <summary>Two processes over one store and one mart that changes, some askers, a store that goes away; one thread.</summary>
    private sealed class Story : IMartSource, ILeaseHolders
    {
        private readonly FakeTimeProvider _time = new(new DateTimeOffset(2023, 11, 1, 12, 0, 0, TimeSpan.Zero));
        private readonly List<string> _told = [];
        private readonly Random _random;
        private readonly SteppedTasks _tasks;
        private readonly MemoryStore _store;
        private readonly Dictionary<Mart, IMartSource> _sources;
        private int _version = 1;

        public Story(int seed)
        {
            _random = new Random(seed);
            _tasks = new SteppedTasks(_random);
            _store = new MemoryStore(_time, _tasks.AssertHere);
            _sources = new() { [Mart.Warehouse] = this };
        }

        public string Store => "told";

        public string Own => "process";

        public bool HasEnded(string holder) => false;

        public IReadOnlyList<string> Run()
        {
            var tables = Enumerable.Range(0, 2).Select(NewTable).ToList();
            var watches = new Dictionary<Mart, IMartWatch> { [Mart.Warehouse] = Watches.Over(this, new CacheOptions(), _time, _tasks, _store) };
            var newest = new NewestMonths(watches, _store, new CacheOptions(), _time, _tasks);
            using var watched = new CancellationTokenSource();
            var watchers = tables.Select(table => new MartWatcher(
                watches, _sources, table, newest, Options.Create(new CacheOptions()), _time, NullLogger<MartWatcher>.Instance, _tasks)).ToList();
            var watching = Task.WhenAll(watchers.Select(watcher => _tasks.Run(() => watcher.WatchAsync(watched.Token))));
            var askers = Enumerable.Range(0, 6).Select(i => _tasks.Run(() => AskAsync(tables[i % 2], i))).ToList();
            askers.Add(_tasks.Run(async () => Tell($"newest {await newest.GetAsync(Mart.Warehouse, CancellationToken.None)}")));
            askers.Add(_tasks.Run(() => HappenAsync(watchers)));
            var all = Task.WhenAll(askers);
            for (var steps = 0; !all.IsCompleted; steps++)
            {
                Assert.True(steps < 100_000, $"It does not end:\n{string.Join('\n', _told.TakeLast(20))}");
                if (_tasks.RunOne()) continue;
                // Timers fire where the time is told to pass: on the scheduler, as all else.
                new Task(() => _time.Advance(TimeSpan.FromMilliseconds(50))).Start(_tasks);
            }
            Assert.True(all.IsCompletedSuccessfully, all.Exception?.ToString());
            // On this thread, as all else.
            new Task(watched.Cancel).Start(_tasks);
            while (_tasks.RunOne())
            {
            }
            Assert.True(watching.IsCompleted, "The watch does not end.");
            foreach (var watcher in watchers) watcher.Dispose();
            return _told;
        }

        public async Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken)
        {
            _tasks.AssertHere();
            await Task.Yield();
            return $"{_version}";
        }

        public async Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
        {
            _tasks.AssertHere();
            Tell($"read {_version}");
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(200)), _time, cancellationToken);
            _tasks.AssertHere();
            var rows = new MartRowsBuilder();
            rows.Add(new MartRow(new string('a', 64), key.Prefix, key.Month.FirstDay, _version, _version, 1, 1));
            return rows.Build();
        }

        public Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken) => Task.FromResult<Month?>(CacheFixture.Key.Month);

        private KeyTable NewTable(int process)
        {
            var leases = new LeaseKeeper(_store, this, _time);
            var store = new FallbackStore(_store, leases, new LocalCounts(), _time, NullLogger<FallbackStore>.Instance);
            return new KeyTable(new CachedQueryContext(
                _sources, store, store, new CacheOptions { LeaseSeconds = 1 }, _time,
                new VersionClock(_time, process + 1), NullLogger<KeyTable>.Instance, $"process {process}")
            { Tasks = _tasks });
        }

        private async Task AskAsync(KeyTable table, int asker)
        {
            for (var i = 0; i < 10; i++)
            {
                var answer = await table.GetAsync(CacheFixture.Key, i % 3 == 0 ? CacheDemand.Check : CacheDemand.Default, CancellationToken.None);
                _tasks.AssertHere();
                Tell($"{asker} got {answer.Snapshot.Rows[0].TotalAmount} {answer.Result}");
                await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1_000)), _time);
                _tasks.AssertHere();
            }
        }

        private async Task HappenAsync(List<MartWatcher> watchers)
        {
            for (var i = 0; i < 8; i++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1_000)), _time);
                _tasks.AssertHere();
                if (_random.Next(3) == 0) _store.IsAway = !_store.IsAway;
                _version++;
                Tell($"changed to {_version}, store {(_store.IsAway ? "away" : "there")}");
                if (_random.Next(2) == 0) watchers[_random.Next(2)].Wake();
            }
        }

        private void Tell(string what) => _told.Add(string.Create(CultureInfo.InvariantCulture, $"{_time.GetUtcNow():mm:ss.fff} {what}"));
    }
}
