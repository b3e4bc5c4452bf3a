using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TransactionPipeline.KubernetesStandIn.Faults;
using TransactionPipeline.Silo.Membership;
using TransactionPipeline.Silo.Tests.Membership;
using Xunit.Abstractions;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>Real silos under load while their world changes. Each test leaves three of them running.</summary>
public sealed class FleetTests(SiloFleet fleet, ITestOutputHelper output) : IClassFixture<SiloFleet>
{
    // Three probes of a second that are missed, at up to twice a second when the silo was slow before, two votes, and the table's write.
    private static readonly TimeSpan FoundDead = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Roll_OneByOne_NobodyNotices()
    {
        await using var clients = new FleetClients(fleet);
        await clients.SawAsync(fleet.Sales.Sold);

        foreach (var old in fleet.Members.ToList())
        {
            // As a Deployment with maxUnavailable 0: the new one is ready before the old one is asked to go.
            fleet.Join(fleet.Start());
            await fleet.SettledAsync();
            await old.TerminateAsync();
            // Not ready, but still serving until its drain is over: the Service learns it by the probe, as every client does.
            await Phase.InTimeAsync(old.WaitForExitAsync(), $"the orderly end of {old.Name}");
            Assert.True(old.ExitCode == 0, $"{old.Name} ended with {old.ExitCode}:{Environment.NewLine}{old.Log}");
            fleet.Leave(old);
            await fleet.InTableAsync(old.Name, "Dead");
            await clients.SawAsync(await fleet.Sales.SellAsync());
        }

        await fleet.SettledAsync();
        output.WriteLine($"{clients.Answers} answers during the roll, {clients.Unanswered} requests without one");
        Assert.Equal(0, clients.Unanswered);
    }

    [Fact]
    public async Task Kill_OneSilo_ItsKeysAreAnsweredAgainBeforeItIsFoundDead()
    {
        await using var clients = new FleetClients(fleet);
        await clients.SawAsync(fleet.Sales.Sold);
        var victim = fleet.Members[1];

        victim.IsExpectedToFail = true;
        victim.Kill();
        var since = Stopwatch.GetTimestamp();
        fleet.Leave(victim);
        await fleet.Sales.SellAsync();
        // Whichever keys were its own: each is checked with the mart through each of the others.
        foreach (var silo in fleet.Members) await clients.CheckAllAsync(silo);
        var took = TimeProvider.System.GetElapsedTime(since);
        output.WriteLine($"every key answered anew {took.TotalSeconds:F1} s after the kill");
        Assert.InRange(took, TimeSpan.Zero, FoundDead);
        await clients.SawAsync(fleet.Sales.Sold);
        await fleet.InTableAsync(victim.Name, "Dead");

        fleet.Join(fleet.Start());
        await fleet.SettledAsync();
    }

    // Long enough to be found dead, which takes seconds with the probes of these tests; a minute more of it changes nothing.
    [Fact]
    public async Task Freeze_UntilFoundDeadAndBack_NothingOldComesOut()
    {
        await using var clients = new FleetClients(fleet);
        await clients.SawAsync(fleet.Sales.Sold);
        var victim = fleet.Members[1];

        victim.IsExpectedToFail = true;
        await victim.FreezeAsync();
        await fleet.Sales.SellAsync();
        await fleet.InTableAsync(victim.Name, "Dead");
        await clients.SawAsync(fleet.Sales.Sold);
        // It is left among the members: for a moment it may think itself ready and be sent requests.
        await victim.ThawAsync();
        await Phase.InTimeAsync(victim.WaitForExitAsync(), $"{victim.Name}'s learning that it was declared dead");
        await clients.GoOnAsync(100);

        fleet.Leave(victim);
        fleet.Join(fleet.Start());
        await fleet.SettledAsync();
    }

    [Fact]
    public async Task ApiServer_GoneForAWhile_AnswersGoOnAndChangesStillShow()
    {
        await using var clients = new FleetClients(fleet);
        await clients.SawAsync(fleet.Sales.Sold);
        var before = fleet.Api.Log.Answers.Count;

        fleet.Api.Faults.Add(new FaultRule(FaultKind.Outage) { Times = int.MaxValue });
        // As long as it takes every silo to miss it: heartbeats are ten seconds apart.
        await Phase.UntilAsync(() => fleet.Api.Log.Answers.Count >= before + 6, "six calls of silos that found no server");
        await clients.SawAsync(await fleet.Sales.SellAsync());
        fleet.Api.Faults.Clear();
        await clients.SawAsync(await fleet.Sales.SellAsync());

        Assert.Equal(0, clients.Unanswered);
        await fleet.SettledAsync();
    }

    [Fact]
    public async Task Calls_OfRealSilos_AreTheListThatTheRoleIsCheckedAgainst()
    {
        await BuryAsync("127.0.0.1:1@1", "long-dead");

        // A change of the membership lets the silos see, and clear away, what died days ago.
        var extra = fleet.Start();
        fleet.Join(extra);
        await fleet.SettledAsync();
        await extra.TerminateAsync();
        await Phase.InTimeAsync(extra.WaitForExitAsync(), "the orderly end of the fourth silo");
        fleet.Leave(extra);
        await fleet.SettledAsync();
        await Phase.UntilAsync(() => Calls().Contains((MembershipApi.Heartbeats, "delete")), "the deletion of the dead silo's heartbeat");

        Assert.Equal(MembershipApi.Calls.Order(), Calls().Order());
        Assert.DoesNotContain(fleet.Api.Log.Answers, answer => answer.Code == 403);

        IReadOnlyList<(string Resource, string Verb)> Calls() => [.. fleet.Api.Log.Calls.Select(call => (call.Resource, call.Verb)).Distinct()];
    }

    /// <summary>Puts a silo that died days ago into the table.</summary>
    private async Task BuryAsync(string address, string name)
    {
        var died = "2020-01-01T00:00:00Z";
        var path = $"apis/{MembershipApi.Group}/{MembershipApi.Version}/namespaces/{MembershipClient.Namespace}";
        fleet.Api.Add(new JsonObject
        {
            ["apiVersion"] = $"{MembershipApi.Group}/{MembershipApi.Version}",
            ["kind"] = "SiloHeartbeat",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = MembershipClient.Namespace,
                ["labels"] = new JsonObject { [MembershipApi.ClusterLabel] = SiloFleet.ClusterId },
            },
            ["spec"] = new JsonObject { ["address"] = address, ["iAmAliveTime"] = died },
        });
        using var http = new HttpClient();
        var table = new Uri(fleet.Api.Address, $"{path}/{MembershipApi.Tables}/{SiloFleet.ClusterId}");
        await Phase.UntilAsync(
            async () =>
            {
                var read = (await http.GetFromJsonAsync<JsonObject>(table))!;
                var silos = read["spec"]!["silos"]!.AsArray();
                var row = silos[0]!.DeepClone().AsObject();
                (row["address"], row["siloName"], row["status"], row["startTime"], row["iAmAliveTime"]) = (address, name, "Dead", died, died);
                row.Remove("suspicions");
                silos.Add((JsonNode)row);
                read["spec"]!["version"] = read["spec"]!["version"]!.GetValue<int>() + 1;
                return (await http.PutAsJsonAsync(table, read)).IsSuccessStatusCode;
            },
            "the writing of a dead silo's row");
    }
}
