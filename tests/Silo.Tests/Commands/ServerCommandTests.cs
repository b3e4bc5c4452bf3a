namespace TransactionPipeline.Silo.Tests.Commands;

/// <summary>The commands that images and cron jobs use: <c>health</c> and <c>pipeline run</c>, as real processes.</summary>
public sealed class ServerCommandTests : IDisposable
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("pipeline-state-");

    public void Dispose() => _state.Delete(recursive: true);

    [Fact]
    public async Task Health_RunningApp_PrintsItsHealthAndExitsWith0()
    {
        await using var silo = await ProgramProcess.ServeAsync();

        var (code, output, _) = await RunAsync("health", "--url", new Uri(silo.Client.BaseAddress!, "/health/ready").ToString());

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

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) => ProgramCommand.RunAsync(
        ProgramCommand.StartInfo(new Dictionary<string, string>(StringComparer.Ordinal) { ["state_directory"] = _state.FullName }, args));
}
