using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TransactionPipeline.KubernetesStandIn.Faults;
using TransactionPipeline.Silo.Hosting;
using TransactionPipeline.Silo.Membership;
using TransactionPipeline.Silo.Tests.Membership;
using Xunit.Abstractions;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>
/// Real silos under load while their world changes; the clients take nothing wrong, older or 5xx. Each test leaves three silos running.
/// </summary>
[Collection(FleetGroup.Name)]
public sealed class FleetTests(SiloFleet fleet, ITestOutputHelper output)
{
    /// <summary>After so long without an answer to its probes a silo has missed all that it may miss.</summary>
    private static readonly TimeSpan ProbeTimeout =
        TimeSpan.FromSeconds(new ClusterSettings().ProbeSeconds * new ClusterSettings().MissedProbes);

    [Fact]
    public async Task Start_ThreeTogether_AgreeOnOneTable()
    {
        output.WriteLine($"three silos started at once agreed after {fleet.StartTook.TotalSeconds:F1} s");

        Assert.Single(fleet.Api.Objects(MembershipApi.Group, MembershipApi.Tables));
        await fleet.SettledAsync();
    }

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
            await old.WaitForExitAsync($"the orderly end of {old.Name}");
            Assert.True(old.ExitCode == 0, $"{old.Name} ended with {old.ExitCode}:{Environment.NewLine}{old.Log.Text}");
            fleet.Leave(old);
            await fleet.InTableAsync(old.Name, "Dead");
            await clients.SawAsync(await fleet.Sales.SellAsync());
        }

        await fleet.SettledAsync();
        Assert.Equal(0, clients.Unanswered);
        Tell(clients);
    }

    [Fact]
    public async Task Kill_OneSilo_ItsKeysAreAnsweredAgainWithinTheProbeTimeout()
    {
        await using var clients = new FleetClients(fleet);
        await clients.SawAsync(fleet.Sales.Sold);
        var victim = await OwnerAsync(clients);

        victim.IsExpectedToFail = true;
        await victim.KillAsync();
        fleet.Leave(victim);
        await AnsweredAnewAsync(clients, "the kill");
        await clients.SawAsync(fleet.Sales.Sold);
        await fleet.InTableAsync(victim.Name, "Dead");
        await Phase.UntilAsync(
            async () => !(await clients.OwnersAsync(fleet.Members[0])).Contains(victim.Name), $"the passing of {victim.Name}'s keys to others");

        fleet.Join(fleet.Start());
        await fleet.SettledAsync();
        Tell(clients);
    }

    [Fact]
    public Task Freeze_UntilFoundDeadAndBack_NothingOldComesOut() => FreezeAsync(atLeast: TimeSpan.Zero);

    [Fact]
    [Trait("Tier", "Long")]
    public Task Freeze_AMinuteAndBack_NothingOldComesOut() => FreezeAsync(atLeast: TimeSpan.FromMinutes(1));

    private async Task FreezeAsync(TimeSpan atLeast)
    {
        await using var clients = new FleetClients(fleet);
        await clients.SawAsync(fleet.Sales.Sold);
        var victim = await OwnerAsync(clients);

        victim.IsExpectedToFail = true;
        await victim.FreezeAsync();
        var since = Stopwatch.GetTimestamp();
        await AnsweredAnewAsync(clients, "the freeze", except: victim);
        await fleet.InTableAsync(victim.Name, "Dead");
        output.WriteLine($"found dead {Stopwatch.GetElapsedTime(since).TotalSeconds:F1} s after the freeze");
        await clients.GoOnForAsync(atLeast - Stopwatch.GetElapsedTime(since));
        // It is left among the members: for a moment it may think itself ready and be sent requests.
        await victim.ThawAsync();
        await victim.WaitForExitAsync($"{victim.Name}'s learning that it was declared dead");
        await clients.GoOnAsync(100);

        fleet.Leave(victim);
        fleet.Join(fleet.Start());
        await fleet.SettledAsync();
        Tell(clients);
    }

    [Fact]
    public Task ApiServer_GoneForSomeHeartbeats_AnswersGoOnAndChangesStillShow() => OutageAsync(atLeast: TimeSpan.Zero);

    [Fact]
    [Trait("Tier", "Long")]
    public Task ApiServer_GoneForTwoMinutes_AnswersGoOnAndChangesStillShow() => OutageAsync(atLeast: TimeSpan.FromMinutes(2));

    private async Task OutageAsync(TimeSpan atLeast)
    {
        await using var clients = new FleetClients(fleet);
        await clients.SawAsync(fleet.Sales.Sold);
        var before = fleet.Api.Log.Answers.Count;

        fleet.Api.Faults.Add(new FaultRule(FaultKind.Outage) { Times = int.MaxValue });
        await clients.GoOnForAsync(atLeast);
        // Every silo's heartbeats are ten seconds apart: at least one each, and no fewer than go into the outage.
        var missed = 3 * Math.Max(1, (int)(atLeast.TotalSeconds / 12));
        await Phase.UntilAsync(() => fleet.Api.Log.Answers.Count - before >= missed, $"{missed} heartbeats that are not taken");
        await clients.SawAsync(await fleet.Sales.SellAsync());
        fleet.Api.Faults.Clear();
        await clients.SawAsync(await fleet.Sales.SellAsync());

        Assert.Equal(0, clients.Unanswered);
        await fleet.SettledAsync();
        Tell(clients);
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
        await extra.WaitForExitAsync("the orderly end of the fourth silo");
        fleet.Leave(extra);
        await fleet.SettledAsync();
        await Phase.UntilAsync(() => Calls().Contains((MembershipApi.Heartbeats, "delete")), "the deletion of the dead silo's heartbeat");

        Assert.Equal(MembershipApi.Calls.Order(), Calls().Order());
        Assert.DoesNotContain(fleet.Api.Log.Answers, answer => answer.Code == 403);

        IReadOnlyList<(string Resource, string Verb)> Calls() => [.. fleet.Api.Log.Calls.Select(call => (call.Resource, call.Verb)).Distinct()];
    }

    /// <summary>The silo that owns the most of the clients' keys, but not all of them.</summary>
    private async Task<ProgramProcess> OwnerAsync(FleetClients clients)
    {
        var owners = await clients.OwnersAsync(fleet.Members[0]);
        var owner = fleet.Members.MaxBy(silo => owners.Count(name => name == silo.Name))!;
        output.WriteLine($"the keys' owners are {string.Join(", ", owners)}");
        Assert.Contains(owner.Name, owners);
        Assert.True(owners.Distinct(StringComparer.Ordinal).Count() > 1, $"all keys are owned by {owner.Name}");
        return owner;
    }

    /// <summary>Every key, whichever were the victim's, is checked with the mart in every silo left, and shows a new sale.</summary>
    private async Task AnsweredAnewAsync(FleetClients clients, string after, ProgramProcess? except = null)
    {
        var since = Stopwatch.GetTimestamp();
        await fleet.Sales.SellAsync();
        await clients.CheckAllAsync(fleet.Members.Where(silo => silo != except));
        var took = Stopwatch.GetElapsedTime(since);
        output.WriteLine($"every key answered anew {took.TotalSeconds:F1} s after {after}");
    }

    private void Tell(FleetClients clients) =>
        output.WriteLine(
            $"{clients.Answers} answers, none wrong, older or 5xx; {clients.Unanswered} requests that a dead silo left without one");

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
