using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Postgres;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Tests.Postgres;

namespace TransactionPipeline.Benchmarks.Postgres;

/// <summary>
/// On a PostgreSQL of its own: loading a million rows against <c>psql \copy</c> plus the same statements, a cold month of 300,000 sales
/// against the same query read by plain Npgsql, and the memory that month's snapshot takes.
/// </summary>
internal static class PostgresBenchmark
{
    private const int Rows = 1_000_000;
    private const int RowsOfMonth = 300_000;
    private const int Rounds = 5;
    private static readonly MartFilter Filter = new("Halal", 100);
    private static readonly Month Month = new(2023, 10);

    public static async Task<int> RunAsync(string[] args)
    {
        var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : Rounds;
        var server = new PostgresServer();
        try
        {
            await server.InitializeAsync();
            var sales = Sales();
            var (ours, theirs) = (new List<double>(), new List<double>());
            PostgresOptions loaded = null!;
            for (var round = 0; round < rounds; round++)
            {
                theirs.Add(await LoadWithPsqlAsync(server, sales));
                loaded = await server.CreateDatabaseAsync();
                ours.Add(await LoadAsync(loaded, sales));
                Console.WriteLine($"round {round}: 1,000,000 rows by psql {theirs[^1]:F1} s, here {ours[^1]:F1} s, ratio {ours[^1] / theirs[^1]:F2}");
            }
            Console.WriteLine($"load, median: psql {Median(theirs):F1} s, here {Median(ours):F1} s, ratio {Median(ours) / Median(theirs):F2} (goal 1.5)");
            await ReadAsync(server, loaded, 2 * rounds);
            return 0;
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    // 300,000 of the million in one month, the rest over the months before; all pass the marts' filter.
    private static Transaction[] Sales() => [.. Enumerable.Range(0, Rows).Select(i => new Transaction(
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{i}"))),
        $"Halal Product {i % 500}",
        10m + (i % 99_000 / 100m),
        1 + (i % 90),
        i < RowsOfMonth ? new DateOnly(2023, 10, 1).AddDays(i % 31) : new DateOnly(2023, 1, 1).AddDays(i % 273)))];

    private static async Task<double> LoadAsync(PostgresOptions options, Transaction[] sales)
    {
        await using var database = new PostgresDatabase(options, TimeProvider.System);
        using var schema = PostgresMart.SchemaIn(database);
        using var store = new PostgresTransactionStore(database, schema);
        await store.PrepareAsync(CancellationToken.None);
        var started = Stopwatch.GetTimestamp();
        await using (var writer = await store.StageAsync("bench", CancellationToken.None))
        {
            for (var from = 0; from < sales.Length; from += 10_000) await writer.WriteAsync(sales.AsMemory(from, 10_000), CancellationToken.None);
            await writer.CompleteAsync(CancellationToken.None);
        }
        await store.LoadAsync("bench", CancellationToken.None);
        await store.TransformAsync(Filter, CancellationToken.None);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<double> LoadWithPsqlAsync(PostgresServer server, Transaction[] sales)
    {
        var options = await server.CreateDatabaseAsync();
        await using (var database = new PostgresDatabase(options, TimeProvider.System))
        using (var schema = PostgresMart.SchemaIn(database))
            await schema.EnsureAsync(CancellationToken.None);
        var directory = Directory.CreateTempSubdirectory("postgres-benchmark-");
        try
        {
            var csv = Path.Combine(directory.FullName, "sales.csv");
            await File.WriteAllLinesAsync(csv, sales.Select((sale, line) =>
                $"{line},{sale.TransactionId},{sale.Product},{sale.Price},{sale.Quantity},{sale.Date:yyyy-MM-dd}"));
            var script = Path.Combine(directory.FullName, "load.sql");
            await File.WriteAllTextAsync(script, Script(csv, sales));
            var started = Stopwatch.GetTimestamp();
            var start = new ProcessStartInfo("psql", ["-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-f", script]);
            start.Environment["PGHOST"] = options.Host;
            start.Environment["PGPORT"] = $"{options.Port}";
            start.Environment["PGDATABASE"] = options.Database;
            start.Environment["PGUSER"] = options.User;
            start.Environment["PGPASSWORD"] = options.Password;
            using var psql = Process.Start(start)!;
            await psql.WaitForExitAsync();
            return psql.ExitCode == 0 ? Stopwatch.GetElapsedTime(started).TotalSeconds : throw new InvalidOperationException("psql failed");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>The very statements of the store, with the values where psql cannot send any beside them.</summary>
    private static string Script(string csv, Transaction[] sales)
    {
        var script = new StringBuilder()
            .AppendLine($"BEGIN; {PostgresMartSql.CreateStaged("bench")};")
            .AppendLine($"\\copy {PostgresMartSql.StagedTable("bench")} FROM '{csv}' (FORMAT csv, FREEZE)")
            .AppendLine("COMMIT; BEGIN;")
            .AppendLine($"{PostgresMartSql.MoreMemory}; {PostgresMartSql.Compare("bench")}; {PostgresMartSql.MarkDirty}; {PostgresMartSql.Upsert};")
            .AppendLine($"{PostgresMartSql.CountLoaded("bench").Replace("$1", "'bench'", StringComparison.Ordinal)};")
            .AppendLine("COMMIT; BEGIN;")
            .AppendLine($"{PostgresMartSql.MoreMemory};");
        foreach (var month in sales.Select(sale => Month.Of(sale.Date)).Distinct().Order())
        {
            foreach (var sql in new[] { PostgresMartSql.DeleteSales, PostgresMartSql.InsertSales, PostgresMartSql.DeleteSummaries, PostgresMartSql.InsertSummaries })
            {
                script.Append(sql
                    .Replace("$1", $"'{month.FirstDay:yyyy-MM-dd}'::date", StringComparison.Ordinal)
                    .Replace("$2", $"'{month.LastDay:yyyy-MM-dd}'::date", StringComparison.Ordinal)
                    .Replace("$3", $"'{Filter.ProductPrefix}'", StringComparison.Ordinal)
                    .Replace("$4", $"{Filter.MaxQuantity}", StringComparison.Ordinal)).AppendLine(";");
            }
        }
        return script.AppendLine($"{PostgresMartSql.BumpVersions}; {PostgresMartSql.ClearDirty}; COMMIT;").ToString();
    }

    private static async Task ReadAsync(PostgresServer server, PostgresOptions options, int rounds)
    {
        await using var database = new PostgresDatabase(options, TimeProvider.System);
        using var schema = PostgresMart.SchemaIn(database);
        var mart = new PostgresMartSource(database, schema, Mart.Operational);
        await using var plain = NpgsqlDataSource.Create(server.ConnectionStringTo(options.Database).Replace("Pooling=False", "Pooling=True", StringComparison.Ordinal));
        var (ours, theirs) = (new List<double>(), new List<double>());
        MartRows rows = MartRows.Empty;
        for (var round = 0; round < rounds; round++)
        {
            // Neither pays for the other's garbage.
            rows = MartRows.Empty;
            await HeapAsync();
            theirs.Add(await ReadPlainAsync(plain));
            await HeapAsync();
            var started = Stopwatch.GetTimestamp();
            rows = await mart.ReadAsync(new QueryKey(Mart.Operational, "Halal", Month), CancellationToken.None);
            ours.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        Console.WriteLine(
            $"cold month of {rows.Count} rows, median: plain Npgsql {Median(theirs):F0} ms, here {Median(ours):F0} ms, "
            + $"ratio {Median(ours) / Median(theirs):F2} (goal 1.3)");

        rows = MartRows.Empty;
        var before = await HeapAsync();
        rows = await mart.ReadAsync(new QueryKey(Mart.Operational, "Halal", Month), CancellationToken.None);
        var held = await HeapAsync() - before;
        Console.WriteLine($"its snapshot: {held / 1048576.0:F1} MiB by the collector, {rows.SizeInBytes / 1048576.0:F1} MiB by its own count (goal 64)");
    }

    /// <summary>What is reachable, in bytes. On a stack of its own: the reader's frames, which go on in its caller, still hold the answer.</summary>
    private static async Task<long> HeapAsync()
    {
        await Task.Yield();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static async Task<double> ReadPlainAsync(NpgsqlDataSource source)
    {
        var started = Stopwatch.GetTimestamp();
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
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
