using System.Diagnostics;

namespace TransactionPipeline.Web.Tests.Commands;

/// <summary>The commands that images and cron jobs use: <c>health</c> and <c>pipeline run</c>, as real processes.</summary>
public sealed class ServerCommandTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly WebAppFixture _app = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Health_RunningApp_PrintsItsHealthAndExitsWith0()
    {
        var address = _app.Listen();

        var (code, output, _) = await RunAsync("health", "--url", new Uri(address, "/health/ready").ToString());

        Assert.Equal(0, code);
        Assert.Contains("\"warehouse\":\"sqlite\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_NobodyListens_SaysSoAndExitsWith1()
    {
        // Port 9 (discard) has no listener here.
        var (code, _, error) = await RunAsync("health", "--url", "http://127.0.0.1:9/health/live");

        Assert.Equal(1, code);
        Assert.Contains("does not answer", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_NoAddress_IsRefused()
    {
        var (code, _, error) = await RunAsync("health", "--url", "nonsense");

        Assert.NotEqual(0, code);
        Assert.Contains("absolute address", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PipelineRun_NothingToDo_SucceedsAndSaysSo()
    {
        var (code, output, error) = await RunAsync("pipeline", "run");

        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.Contains("0 batches loaded", output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["state_directory"] = _app.StateDirectory;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }
}
