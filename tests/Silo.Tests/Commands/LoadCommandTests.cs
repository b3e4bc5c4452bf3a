using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace TransactionPipeline.Silo.Tests.Commands;

public sealed class LoadCommandTests : IAsyncLifetime
{
    // Enough for each of its steps to take longer than a look at them.
    private const int Rows = 400_000;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("transaction-pipeline-");

    public async Task InitializeAsync()
    {
        var made = await RunAsync("generate", "--rows", $"{Rows}", "--seed", "7", Big);
        Assert.Equal((0, "", ""), made);
        await File.WriteAllTextAsync(Small, "transaction_id,product,price,quantity,date\nT001,Halal Tea,2.5,2,2024-05-01\nT002,Halal Tea,x,2,2024-05-01\n");
    }

    public Task DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        _directory.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Generate_SameSeed_GivesTheSameFile()
    {
        var again = Path.Combine(_directory.FullName, "again.csv");
        await RunAsync("generate", "--rows", $"{Rows}", "--seed", "7", again);
        Assert.Equal(SHA256.HashData(await File.ReadAllBytesAsync(Big)), SHA256.HashData(await File.ReadAllBytesAsync(again)));
        var lines = File.ReadLines(Big).Skip(1).Select(line => line.Split(',')).ToList();
        Assert.Equal(Rows, lines.Select(line => line[0]).Distinct(StringComparer.Ordinal).Count());
        Assert.InRange(lines.Count(line => line[1].StartsWith("Halal ", StringComparison.Ordinal)), Rows * 0.89, Rows * 0.91);
        Assert.Equal(12, lines.Select(line => line[4][..7]).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Load_GoodAndBadLines_TellsBoth()
    {
        var (exitCode, output, error) = await RunAsync("load", Small);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Matches("2 lines in [0-9.]+ s \\([0-9,]+ rows/s\\): 1 accepted, 1 rejected", output);
        Assert.Contains("not_of_type", output, StringComparison.Ordinal);
        Assert.Contains("1 inserted, 0 replaced", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_AtATerminal_ShowsHowFarItIs()
    {
        // A terminal for a program that is not at one.
        var start = StartInfo(fileLimit: null, "load", Small);
        var line = string.Join(' ', start.ArgumentList.Prepend(start.FileName).Select(word => $"'{word}'"));
        start.FileName = "script";
        start.ArgumentList.Clear();
        foreach (var word in new[] { "-qec", line, "/dev/null" }) start.ArgumentList.Add(word);

        var (exitCode, output, _) = await ProgramCommand.RunAsync(start);

        Assert.Equal(0, exitCode);
        Assert.Contains("Reading", output, StringComparison.Ordinal);
        Assert.Contains("100%", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a,b\n1,2\n", 1, "Missing: transaction_id")]
    [InlineData("transaction_id,product,price,quantity,date\n", 2, "No line of the file is a transaction")]
    public async Task Load_NothingToTake_EndsWithItsOwnCode(string file, int code, string says)
    {
        await File.WriteAllTextAsync(Small, file);
        var (exitCode, output, error) = await RunAsync("load", Small);
        Assert.Equal(code, exitCode);
        Assert.Contains(says, output + error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_DiskFull_SaysSoAndWorksOnceThereIsSpace()
    {
        // 4 MiB is room for the shared store, not for the batch.
        var (exitCode, _, error) = await ProgramCommand.RunAsync(StartInfo(fileLimit: 4096, "load", Big));
        Assert.Equal(1, exitCode);
        Assert.Contains("full", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(State, "staging")));

        Assert.Equal(0, (await RunAsync("load", Big)).ExitCode);
        Assert.Equal(Rows, await CountAsync("mart.db", "SELECT count(*) FROM raw_transactions"));
    }

    [Theory]
    [InlineData("receiving")]
    [InlineData("loading")]
    [InlineData("transforming")]
    public async Task Load_Killed_IsAllOrNothingAndTheNextRunCompletesIt(string point)
    {
        var staging = Path.Combine(State, "staging");
        Assert.True(await ProgramCommand.KillWhenAsync(StartInfo(fileLimit: null, "load", Big), () => point switch
        {
            "receiving" => SizeOf(staging, "*.partial") > 1_000_000,
            "loading" => SizeOf(staging, "*.db") > 0 && HasRun("load") && HasMart(),
            _ => SizeOf(State, "mart.db-wal") > 0 && Directory.Exists(staging) && Directory.GetFiles(staging).Length == 0 && HasRun("transform"),
        }));

        await LeasesEndAsync();
        var before = await CountAsync("mart.db", "SELECT count(*) FROM raw_transactions");
        Assert.True(before is 0 or Rows, $"{before} rows are there");
        Assert.Equal(0, await CountAsync("mart.db", "SELECT count(*) FROM fact_sales"));

        var (exitCode, _, error) = await RunAsync("load", Small);
        Assert.Equal((0, ""), (exitCode, error));

        var received = point != "receiving";
        Assert.Equal((received ? Rows : 0) + 1, await CountAsync("mart.db", "SELECT count(*) FROM raw_transactions"));
        Assert.Equal(received ? 13 : 1, await CountAsync("mart.db", "SELECT count(DISTINCT month) FROM summary_sales"));
        Assert.Equal(received ? 1 : 0, await CountAsync("store.db", "SELECT count(*) FROM runs WHERE status = 'failed'"));
        Assert.Equal(1, await CountAsync("store.db", "SELECT count(*) FROM runs WHERE status = 'succeeded'"));
        Assert.Equal(0, await CountAsync("store.db", "SELECT count(*) FROM batches WHERE status IN ('receiving', 'received')"));
        Assert.Empty(Directory.GetFiles(staging));
    }

    /// <summary>The dead process's leases are over: only then may another take up what it left.</summary>
    private Task LeasesEndAsync() => Phase.UntilAsync(
        async () => await CountAsync(
            "store.db", $"SELECT count(*) FROM leases WHERE expires_at > {TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}") == 0,
        "the end of the killed process's leases");

    private ProcessStartInfo StartInfo(int? fileLimit, params string[] command) => ProgramCommand.StartInfo(
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["state_directory"] = State,
            ["ingestion__lease_seconds"] = "1",
            ["orchestration__lease_seconds"] = "1",
        },
        fileLimit,
        command);

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] command) =>
        ProgramCommand.RunAsync(StartInfo(fileLimit: null, command));

    private string State => Path.Combine(_directory.FullName, "var");

    private string Big => Path.Combine(_directory.FullName, "big.csv");

    private string Small => Path.Combine(_directory.FullName, "small.csv");

    private static long SizeOf(string directory, string pattern) => Directory.Exists(directory)
        ? new DirectoryInfo(directory).GetFiles(pattern).Sum(file => file.Exists ? file.Length : 0)
        : 0;

    private bool HasRun(string step) => IsTrue("store.db", $"SELECT count(*) FROM runs WHERE status = 'running' AND step = '{step}'");

    private bool HasMart() => IsTrue("mart.db", "SELECT count(*) FROM sqlite_master WHERE name = 'fact_sales'");

    private bool IsTrue(string file, string sql)
    {
        var path = Path.Combine(State, file);
        if (!File.Exists(path)) return false;
        using var database = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()! > 0;
    }

    private async Task<long> CountAsync(string file, string sql)
    {
        var path = Path.Combine(State, file);
        if (!File.Exists(path)) return 0;
        await using var database = new SqliteConnection($"Data Source={path};Pooling=False");
        await database.OpenAsync();
        await using var command = database.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
