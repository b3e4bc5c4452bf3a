using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.KubernetesStandIn.Faults;
using TransactionPipeline.Silo.Membership;
using TransactionPipeline.Silo.Tests.Membership;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>A start that is held up, stopped or impossible, seen from outside: it waits, ends in order, or says why in one line.</summary>
public sealed class StartTests : IAsyncLifetime
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("start-tests-");
    private readonly Fleet _silos = new();
    private KubernetesStandInServer _api = null!;

    public async Task InitializeAsync()
    {
        _api = await KubernetesStandInServer.StartAsync(
            new StandInOptions { Namespaces = [MembershipClient.Namespace], Manifests = [Path.Combine(Repository.Chart, "crds")] });
    }

    public async Task DisposeAsync()
    {
        await _silos.DisposeAsync();
        await _api.DisposeAsync();
        _state.Delete(recursive: true);
    }

    [Fact]
    public async Task Start_ApiServerAway_WaitsForItAndJoins()
    {
        _api.Faults.Add(new FaultRule(FaultKind.Outage) { Times = int.MaxValue });
        _silos.Join(StartInAPod());
        // More often than one call is repeated.
        await Phase.UntilAsync(() => _api.Log.Answers.Count >= 10, "ten calls to the API server that is away");
        Assert.False(_silos[0].HasExited, _silos[0].Log.Text);

        _api.Faults.Clear();

        await _silos.AgreeAsync(1);
    }

    [Fact]
    public async Task Terminate_WhileTheStartWaitsForTheApiServer_EndsInOrder()
    {
        _api.Faults.Add(new FaultRule(FaultKind.Outage) { Times = int.MaxValue });
        var silo = _silos.Add(StartInAPod());
        await Phase.UntilAsync(() => _api.Log.Answers.Count >= 3, "the start's calls to the API server");

        await silo.TerminateAsync();

        Assert.Equal((0, ""), (await silo.WaitForExitAsync("the end of the silo that was stopped in its start"), string.Join('\n', silo.Log.ErrorLines)));
    }

    [Fact]
    public async Task Terminate_WhileJoining_EndsInOrder()
    {
        var first = _silos.Join(StartInAPod());
        await _silos.AgreeAsync(1);
        // A member that does not answer holds a join up, until it is declared dead.
        await first.FreezeAsync();
        var second = _silos.Add(StartInAPod());
        await Phase.UntilAsync(() => Statuses().Contains("Joining"), "the second silo's row");

        await second.TerminateAsync();

        Assert.Equal((0, ""), (await second.WaitForExitAsync("the end of the silo that was stopped while joining"), string.Join('\n', second.Log.ErrorLines)));
    }

    [Fact]
    public async Task Start_ApiServerForbidsIt_EndsWithTheCauseInOneLine()
    {
        _api.Rules = [];
        var silo = _silos.Add(StartInAPod());

        Assert.Equal(1, await silo.WaitForExitAsync("the end of the silo that may not"));
        var line = Assert.Single(silo.Log.ErrorLines);
        Assert.StartsWith("The start failed: ", line, StringComparison.Ordinal);
        Assert.Contains("lacks the RBAC rule", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Hosting failed to start", silo.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_StateDirectoryIsAFile_EndsWithTheCauseInOneLine()
    {
        var file = Path.Combine(_state.FullName, "a file");
        await File.WriteAllTextAsync(file, "");
        var silo = _silos.Add(ProgramProcess.Start(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["state_directory"] = file,
        }));

        Assert.Equal(1, await silo.WaitForExitAsync("the end of the silo that has no place for its state"));
        Assert.Contains(file, Assert.Single(silo.Log.ErrorLines), StringComparison.Ordinal);
    }

    private IEnumerable<string> Statuses() => _api.Objects(MembershipApi.Group, MembershipApi.Tables)
        .SelectMany(table => table["spec"]!["silos"]!.AsArray()).Select(row => row!["status"]!.GetValue<string>());

    private ProgramProcess StartInAPod() => ProgramProcess.StartInAPod($"silo-{_silos.Count}", new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["state_directory"] = _state.FullName,
        ["cluster__provider"] = "kubernetes",
        ["cluster__cluster_id"] = "start",
        ["cluster__api_server"] = _api.Address.ToString(),
        ["cluster__namespace"] = MembershipClient.Namespace,
    });
}
