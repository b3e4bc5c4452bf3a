using System.Globalization;
using System.Text;
using TransactionPipeline.Core.Ingestion;

namespace TransactionPipeline.Benchmarks.Load;

/// <summary>
/// Loads a generated file with the <c>load</c> command and, for comparison, with Debian's <c>sqlite3</c>: <c>.import</c>, then the same
/// statements. The two take turns, so that a busy machine is busy for both. Then five times the rows, for the memory.
/// </summary>
internal static class LoadBenchmark
{
    private const int Rounds = 3;
    private const int MemoryFactor = 5;
    private const double MaxRatio = 2;
    private const long MaxKilobytes = 300_000;
    private const double MaxGrowth = 1.1;

    public static async Task<int> RunAsync(string[] args)
    {
        var rows = args.Length > 0 ? long.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
        var directory = Directory.CreateTempSubdirectory("load-benchmark-").FullName;
        try
        {
            var small = await GenerateAsync(directory, rows);
            List<Measured> ours = [], plain = [], hashed = [];
            for (var round = 1; round <= Rounds; round++)
            {
                ours.Add(await LoadAsync(directory, small));
                plain.Add(await ImportAsync(directory, small, SqliteScript.PlainId));
                hashed.Add(await ImportAsync(directory, small, SqliteScript.HashedId));
                Console.WriteLine($"round {round}: load {ours[^1]}; sqlite3 {plain[^1]}; sqlite3 with hashed ids {hashed[^1]}");
            }
            var large = await LoadAsync(directory, await GenerateAsync(directory, rows * MemoryFactor));

            var ratio = Median(ours, run => run.Seconds) / Median(plain, run => run.Seconds);
            var memory = ours.Max(run => run.PeakKilobytes);
            Console.WriteLine($"{rows:N0} rows, medians of {Rounds}:");
            Console.WriteLine($"  load                    {Describe(ours)}");
            Console.WriteLine($"  sqlite3                 {Describe(plain)}");
            Console.WriteLine($"  sqlite3 with hashed ids {Describe(hashed)}");
            Console.WriteLine($"  load / sqlite3          {ratio:F2} in time (at most {MaxRatio})");
            Console.WriteLine($"  peak memory             {memory / 1000.0:F0} MB (at most {MaxKilobytes / 1000} MB)");
            Console.WriteLine($"{rows * MemoryFactor:N0} rows: {large}, {large.PeakKilobytes / (double)memory:F2} of that memory (at most {MaxGrowth})");
            var kept = ratio <= MaxRatio && Math.Max(memory, large.PeakKilobytes) <= MaxKilobytes && large.PeakKilobytes <= MaxGrowth * memory;
            Console.WriteLine(kept ? "All limits kept." : "A limit is exceeded.");
            return kept ? 0 : 1;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<string> GenerateAsync(string directory, long rows)
    {
        var path = Path.Combine(directory, $"{rows}.csv");
        await using var file = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 20);
        await TransactionGenerator.WriteAsync(file, rows, seed: 1, CancellationToken.None);
        return path;
    }

    private static async Task<Measured> LoadAsync(string directory, string file)
    {
        var state = Path.Combine(directory, "var");
        try
        {
            return await ChildProcess.RunAsync(
                "dotnet", [Path.Combine(AppContext.BaseDirectory, "TransactionPipeline.Silo.dll"), "load", file], directory,
                input: null, new() { ["state_directory"] = state, ["DOTNET_ENVIRONMENT"] = "Development" });
        }
        finally
        {
            if (Directory.Exists(state)) Directory.Delete(state, recursive: true);
        }
    }

    private static async Task<Measured> ImportAsync(string directory, string file, string id)
    {
        var database = Path.Combine(directory, "sqlite3.db");
        try
        {
            return await ChildProcess.RunAsync("sqlite3", ["-bail", database], directory, SqliteScript.Write(file, database, id), []);
        }
        finally
        {
            foreach (var left in Directory.GetFiles(directory, "sqlite3.db*")) File.Delete(left);
        }
    }

    private static string Describe(List<Measured> runs) =>
        $"{Median(runs, run => run.Seconds):F2} s, {Median(runs, run => run.ProcessorSeconds):F2} s of processor time";

    private static double Median(List<Measured> runs, Func<Measured, double> value) => runs.Select(value).Order().ElementAt(runs.Count / 2);
}
