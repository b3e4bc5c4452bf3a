using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Benchmarks.Cache;

/// <summary>
/// What a hit, a poll, a miss and an eviction cost in a table of 2 marts and 50 months, with 1, 100 and 10,000 prefixes each; and the bytes
/// that a small key takes. The mart and the store are in memory: the table's own cost is what is measured.
/// </summary>
internal static class KeyTableBenchmark
{
    private const int Months = 50;
    private const int Rounds = 5;
    private static readonly Mart[] Marts = [Mart.Warehouse, Mart.Operational];

    public static async Task<int> RunAsync()
    {
        // For the JIT, which compiles in steps.
        for (var i = 0; i < 4; i++) await MeasureAsync(100);
        Cost? least = null;
        foreach (var prefixes in (int[])[1, 100, 10_000])
        {
            var cost = await MeasureAsync(prefixes);
            least ??= cost;
            Console.WriteLine(
                $"{2 * Months * prefixes,9:N0} keys: hit {cost.Hit:F2} us ({cost.Hit / least.Hit:F2}x), poll of {2 * Months} months {cost.Poll:F1} us ({cost.Poll / least.Poll:F2}x), "
                + $"miss {cost.Miss:F1} us ({cost.Miss / least.Miss:F2}x), miss that evicts {cost.Evicting:F1} us ({cost.Evicting / least.Evicting:F2}x); "
                // Fewer are lost among what the process itself holds.
                + (prefixes < 100 ? "" : $"{cost.HeapBytes:F0} bytes a key by the collector, ")
                + $"{cost.CountedBytes:F0} by its own count");
        }
        return 0;
    }

    private static async Task<Cost> MeasureAsync(int prefixes)
    {
        var options = new CacheOptions { MaxBytes = long.MaxValue };
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await using var table = NewTable(options);
        await FillAsync(table, prefixes);
        var keys = 2 * Months * prefixes;
        var heap = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)keys;
        var counted = table.List().Take(100).Average(key => key.SizeInBytes);

        var hit = await MedianAsync(20_000, async i => await table.GetAsync(Key(i % Months, i % prefixes), CacheDemand.Default, CancellationToken.None));
        var poll = await MedianAsync(100, _ =>
        {
            foreach (var mart in Marts)
                foreach (var month in table.MonthsOf(mart)) table.Learn(mart, month, "1", TimeProvider.System.GetUtcNow());
            return Task.CompletedTask;
        });
        var next = 0;
        var miss = await MedianAsync(2_000, async _ =>
        {
            var key = Key(next % Months, prefixes + next++);
            await table.GetAsync(key, CacheDemand.Default, CancellationToken.None);
            table.Release(key);
        });

        await using var full = NewTable(new CacheOptions { MaxBytes = (long)(counted * keys) });
        await FillAsync(full, prefixes);
        var evicting = await MedianAsync(
            2_000, async _ => await full.GetAsync(Key(next % Months, prefixes + next++), CacheDemand.Default, CancellationToken.None));
        return new(hit, poll, miss, evicting, heap, counted);
    }

    private static async Task FillAsync(KeyTable table, int prefixes)
    {
        for (var prefix = 0; prefix < prefixes; prefix++)
        {
            for (var month = 0; month < Months; month++)
            {
                foreach (var mart in Marts) await table.GetAsync(Key(month, prefix) with { Mart = mart }, CacheDemand.Default, CancellationToken.None);
            }
        }
    }

    /// <summary>In microseconds for each, the median of the rounds.</summary>
    private static async Task<double> MedianAsync(int times, Func<int, Task> work)
    {
        var rounds = new List<double>();
        for (var round = 0; round <= Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < times; i++) await work(i);
            // The first warms up.
            if (round > 0) rounds.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds / times);
        }
        return rounds.Order().ElementAt(Rounds / 2);
    }

    private static QueryKey Key(int month, int prefix) => new(Mart.Warehouse, $"P{prefix:D7}", new Month(2020 + (month / 12), (month % 12) + 1));

    private static KeyTable NewTable(CacheOptions options)
    {
        var mart = new InMemoryMart();
        return new(new CachedQueryContext(
            Marts.ToDictionary(part => part, IMartSource (_) => mart), new NoStore(), new NoStore(), options, TimeProvider.System,
            new VersionClock(TimeProvider.System, 1), NullLogger<KeyTable>.Instance, "benchmark"));
    }

    private sealed record Cost(double Hit, double Poll, double Miss, double Evicting, double HeapBytes, double CountedBytes);

    /// <summary>One sale for each prefix.</summary>
    private sealed class InMemoryMart : IMartSource
    {
        public string Store => "memory";

        public Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken) => Task.FromResult("1");

        public Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
        {
            var rows = new MartRowsBuilder();
            rows.Add(new MartRow(new string('a', 64), key.Prefix, key.Month.FirstDay, 100m, 100m, 1, 1));
            return Task.FromResult(rows.Build());
        }

        public Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken) => Task.FromResult<Month?>(null);
    }

    /// <summary>Keeps nothing and grants everything.</summary>
    private sealed class NoStore : ISnapshotStore, ILeaseStore
    {
        public Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken) => Task.FromResult<SnapshotHead?>(null);

        public Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken) => Task.FromResult<Snapshot?>(null);

        public Task<Committed> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken) =>
            Task.FromResult(new Committed(CommitOutcome.Stored));

        public Task NoteAsync(Mart mart, IReadOnlyCollection<MonthToken> seen, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task UseAsync(QueryKey key, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<Month?> FindNewestMonthAsync(Mart mart, CancellationToken cancellationToken) => Task.FromResult<Month?>(null);

        public Task<bool> RemoveAsync(QueryKey key, CancellationToken cancellationToken) => Task.FromResult(false);

        public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
            Task.FromResult<Lease?>(new Lease(name, holder, 1));

        public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) => Task.FromResult(true);

        public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
