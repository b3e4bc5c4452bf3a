using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership;
using TransactionPipeline.Silo.Tests.Membership;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>
/// Three silo processes that find each other through the API server's stand-in, with the chart's rights, over one state directory; and
/// what a Service is to them: a list of those that say they are ready.
/// </summary>
public sealed class SiloFleet : IAsyncLifetime
{
    public const string ClusterId = "fleet";
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fleet-tests-");
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _prober = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly Fleet _fleet = new();
    private volatile IReadOnlyList<ProgramProcess> _ready = [];
    private Task _probing = Task.CompletedTask;

    internal KubernetesStandInServer Api { get; private set; } = null!;

    internal TestSales Sales { get; private set; } = null!;

    internal AuthenticationHeaderValue Token { get; private set; } = null!;

    /// <summary>From the start of three processes at once to their agreement.</summary>
    internal TimeSpan StartTook { get; private set; }

    /// <summary>The environment that all silos share, as their pods do.</summary>
    internal IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["DOTNET_shutdownTimeoutSeconds"] = "30",
        ["state_directory"] = _directory.FullName,
        ["cluster__provider"] = "kubernetes",
        ["cluster__cluster_id"] = ClusterId,
        ["cluster__api_server"] = Api.Address.ToString(),
        ["cluster__namespace"] = MembershipClient.Namespace,
        ["cluster__drain_seconds"] = "2",
        // So long that nobody here waits for its end: an owner killed in mid-refresh loses its key's lease to the first who asks once the
        // membership knows that it is dead.
        ["cache__lease_seconds"] = "3600",
        ["Logging__LogLevel__TransactionPipeline.Web.Sales"] = "Warning",
    };

    /// <summary>The silos that are meant to run.</summary>
    internal IReadOnlyList<ProgramProcess> Members => _fleet.Members;

    /// <summary>Those of them that answered ready when last asked: where a Service sends requests.</summary>
    internal IReadOnlyList<ProgramProcess> Ready => _ready;

    public async Task InitializeAsync()
    {
        Sales = new TestSales(_directory.FullName);
        await Sales.SellAsync();
        Api = await KubernetesStandInServer.StartAsync(new StandInOptions { Namespaces = [MembershipClient.Namespace], Manifests = [Path.Combine(Repository.Chart, "crds")] });
        Api.Rules = [.. MembershipApi.Calls.Select(call => new PolicyRule([MembershipApi.Group], [call.Resource], [call.Verb], []))];
        var since = Stopwatch.GetTimestamp();
        for (var i = 0; i < 3; i++) Join(Start());
        _probing = Task.Run(ProbeAsync);
        await SettledAsync();
        StartTook = Stopwatch.GetElapsedTime(since);
        Token = await _fleet[0].SignInAsync();
    }

    /// <summary>Starts one more silo; it is sent requests once it is ready.</summary>
    internal ProgramProcess Start() => _fleet.Add(ProgramProcess.StartInAPod($"silo-{_fleet.Count}", Settings));

    internal void Join(ProgramProcess silo) => _fleet.Join(silo);

    internal void Leave(ProgramProcess silo)
    {
        _fleet.Leave(silo);
        _ready = [.. _ready.Where(one => one != silo)];
    }

    /// <summary>Every member is ready and takes all of them, and no others, for active; and they are sent requests.</summary>
    internal async Task SettledAsync()
    {
        await _fleet.AgreeAsync(Members.Count);
        await Phase.UntilAsync(() => _ready.Count == Members.Count, $"the readiness of {Members.Count} silos");
    }

    /// <summary>Waits for the table to hold a silo in a status.</summary>
    internal Task InTableAsync(string name, string status) => Phase.UntilAsync(
        () => Api.Objects(MembershipApi.Group, MembershipApi.Tables).SelectMany(table => table["spec"]!["silos"]!.AsArray())
            .Any(row => row!["siloName"]!.GetValue<string>() == name && row["status"]!.GetValue<string>() == status),
        $"the cluster's taking {name} for {status}");

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _probing;
        await _fleet.DisposeAsync();
        await Api.DisposeAsync();
        Sales.Dispose();
        _prober.Dispose();
        _stop.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task ProbeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var members = Members;
            var ready = await Task.WhenAll(members.Select(async silo => (Silo: silo, IsReady: await ActiveAsync(silo) > 0)));
            if (ReferenceEquals(members, Members)) _ready = [.. ready.Where(one => one.IsReady).Select(one => one.Silo)];
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    private async Task<int> ActiveAsync(ProgramProcess silo) => await silo.ReadyAsync(_prober) is (HttpStatusCode.OK, var active) ? active : 0;
}
