using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Postgres;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using static TransactionPipeline.Benchmarks.Postgres.PostgresBenchmark;

namespace TransactionPipeline.Benchmarks.Postgres;

/// <summary>
/// A cold month of 300,000 sales against the same query read by plain Npgsql: the read alone, and the whole way to the answer, with the
/// lease, the change token, the encoding and the commit of the snapshot. And the memory that the snapshot takes.
/// </summary>
internal static class ReadBenchmark
{
    private static readonly Month Month = new(2023, 10);
    private static readonly QueryKey Key = new(Mart.Operational, "Halal", Month);

    public static async Task RunAsync(PostgresServer server, PostgresOptions options, int rounds)
    {
        await using var database = new PostgresDatabase(options, TimeProvider.System);
        using var schema = PostgresMart.SchemaIn(database);
        using var store = new PostgresStore(database);
        var mart = new PostgresMartSource(database, schema, Mart.Operational);
        await using var plain = NpgsqlDataSource.Create(
            server.ConnectionStringTo(options.Database).Replace("Pooling=False", "Pooling=True", StringComparison.Ordinal));
        await MeasureMemoryAsync(mart);
        var (theirs, read, whole) = (new List<double>(), new List<double>(), new List<double>());
        // The first round warms all three up.
        for (var round = 0; round <= rounds; round++)
        {
            var times = (await TimeAsync(() => ReadPlainAsync(plain)), await TimeAsync(() => mart.ReadAsync(Key, CancellationToken.None)),
                await TimeAsync(() => AskColdAsync(mart, store)));
            if (round == 0) continue;
            theirs.Add(times.Item1);
            read.Add(times.Item2);
            whole.Add(times.Item3);
        }
        Console.WriteLine($"cold month, read alone, median of {rounds}: plain Npgsql {Median(theirs):F0} ms, here {Median(read):F0} ms, "
            + $"ratio {Ratio(read, theirs):F2} (goal 1.3)");
        Console.WriteLine($"cold month, to the answer, with lease, token, encoding and commit: {Median(whole):F0} ms, ratio {Ratio(whole, theirs):F2}");
    }

    private static async Task MeasureMemoryAsync(PostgresMartSource mart)
    {
        // First, what asking at all needs.
        await mart.GetChangeTokenAsync(Month, CancellationToken.None);
        var before = await HeapAsync();
        var rows = await mart.ReadAsync(Key, CancellationToken.None);
        var held = await HeapAsync() - before;
        Console.WriteLine($"snapshot of {rows.Count} rows: {held / 1048576.0:F1} MiB by the collector, "
            + $"{rows.SizeInBytes / 1048576.0:F1} MiB by its own count (goal 64)");
    }

    /// <summary>In ms. Nobody pays for another's garbage.</summary>
    private static async Task<double> TimeAsync(Func<Task> work)
    {
        await HeapAsync();
        var started = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>Round by round, so that what else the machine does in a round slows both.</summary>
    private static double Ratio(List<double> ours, List<double> theirs) => Median([.. ours.Zip(theirs, (our, their) => our / their)]);

    /// <summary>What is reachable, in bytes. On a stack of its own: the reader's frames, which go on in its caller, still hold the answer.</summary>
    private static async Task<long> HeapAsync()
    {
        await Task.Yield();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static async Task AskColdAsync(PostgresMartSource mart, PostgresStore store)
    {
        await new PostgresSnapshotStore(store).RemoveAsync(Key, CancellationToken.None);
        var shared = new FallbackStore(
            new PostgresSnapshotStore(store), new PostgresLeaseStore(store), new PostgresDailyCounts(store), TimeProvider.System, NullLogger<FallbackStore>.Instance);
        await using var owner = new KeyTable(new CachedQueryContext(
            new Dictionary<Mart, IMartSource> { [Mart.Operational] = mart, [Mart.Warehouse] = mart },
            shared, shared, new CacheOptions(), TimeProvider.System, new VersionClock(TimeProvider.System, 1), NullLogger<KeyTable>.Instance, $"{Guid.NewGuid()}"));
        await owner.GetAsync(Key, CacheDemand.Default, CancellationToken.None);
    }

    private static async Task ReadPlainAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            PostgresMartLayout.Of([("pg_sales", "product"), ("mart_versions", "version")]).ReadSql(Mart.Operational), connection);
        foreach (var value in new object[] { Month.FirstDay, Month.LastDay, "Halal" }) command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<(string, string, DateOnly, decimal, decimal, long, long)>();
        while (await reader.ReadAsync())
        {
            rows.Add((reader.GetString(0), reader.GetString(1), reader.GetFieldValue<DateOnly>(2), reader.GetDecimal(3), reader.GetDecimal(4),
                reader.GetInt64(5), reader.GetInt64(6)));
        }
    }
}
