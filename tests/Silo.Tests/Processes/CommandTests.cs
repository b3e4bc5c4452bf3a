using System.Net;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>What an operator runs with <c>kubectl exec</c>: the silo's program with a command, in a running silo's surroundings.</summary>
[Collection(FleetGroup.Name)]
public sealed class CommandTests(SiloFleet fleet) : IDisposable
{
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("silo-commands-");

    public void Dispose() => _files.Delete(recursive: true);

    [Fact]
    public async Task UsersAdd_WhileSilosRun_LetsTheUserSignInAtEachOfThem()
    {
        const string Password = "correct horse battery";
        Assert.Equal((0, ""), await ExitAsync(Password, "users", "add", "olga", "--role", "operator"));

        using var client = new HttpClient();
        foreach (var silo in fleet.Members)
        {
            using var form = new FormUrlEncodedContent([new("username", "olga"), new("password", Password)]);
            using var answer = await client.PostAsync(new Uri(silo.Address, "/token"), form);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Health_OfARunningSilo_TellsItsCluster()
    {
        var (code, output, _) = await RunAsync("", "health", "--url", new Uri(fleet.Members[0].Address, "/health/ready").ToString());

        Assert.Equal(0, code);
        Assert.Contains("\"status\":\"Active\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GenerateLoadAndPipelineRun_WhileSilosRun_Succeed()
    {
        var file = Path.Combine(_files.FullName, "sales.csv");

        Assert.Equal((0, ""), await ExitAsync("", "generate", "--rows", "10", file));
        await File.WriteAllTextAsync(file, "transaction_id,product,price,quantity,date\nT9,Halal Mouse,20.00,2,2022-12-24\n");
        Assert.Equal((0, ""), await ExitAsync("", "load", file));
        var (code, output, _) = await RunAsync("", "pipeline", "run");

        Assert.Equal(0, code);
        Assert.Contains("0 batches loaded", output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Error)> ExitAsync(string input, params string[] args)
    {
        var (code, _, error) = await RunAsync(input, args);
        return (code, error);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string input, params string[] args) =>
        ProgramCommand.RunAsync(ProgramCommand.StartInfo(fleet.Settings, args), input);
}
