using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Postgres;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Benchmarks.Postgres;

/// <summary>
/// On a PostgreSQL of its own: loading a million rows against <c>psql \copy</c> plus the same statements, and what
/// <see cref="ReadBenchmark"/> reads of them.
/// </summary>
internal static class PostgresBenchmark
{
    private const int Rows = 1_000_000;
    private const int RowsOfMonth = 300_000;
    private const int Rounds = 5;
    private static readonly MartFilter Filter = new("Halal", 100);

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
            await ReadBenchmark.RunAsync(server, loaded, 2 * rounds);
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

    internal static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
