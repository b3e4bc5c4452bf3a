using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership;
using TransactionPipeline.Silo.Membership.Api;

namespace TransactionPipeline.Silo.Tests.Membership;

/// <summary>The list of calls that the chart's Role is compared with is exactly what a silo asks for.</summary>
public sealed class MembershipRightsTests : MembershipTests
{
    public static TheoryData<string, string> Rights
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (resource, verb) in MembershipApi.Calls)
            {
                data.Add(resource, verb);
            }

            return data;
        }
    }

    [Fact]
    public async Task Calls_EverythingASiloDoes_EqualsTheList()
    {
        await ActAsASiloAsync("fresh-" + ClusterId[..20]);

        Assert.Equal(
            MembershipApi.Calls.Select(call => $"{call.Resource} {call.Verb}").Order(StringComparer.Ordinal),
            Server.Log.Calls.Select(call => $"{call.Resource} {call.Verb}").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
        Assert.All(Server.Log.Calls, call =>
        {
            Assert.Equal(MembershipApi.Group, call.Group);
            Assert.Equal(MembershipClient.Namespace, call.Namespace);
            Assert.Empty(call.Subresource);
        });
    }

    [Fact]
    public async Task Rights_OnlyTheList_AreEnough()
    {
        Server.Rules = [.. MembershipApi.Calls.Select(call => Rule(call.Resource, call.Verb))];

        await ActAsASiloAsync("fresh-" + ClusterId[..20]);

        Assert.DoesNotContain(Server.Log.Answers, answer => answer.Code == 403);
    }

    [Theory]
    [MemberData(nameof(Rights))]
    public async Task Rights_OneMissing_MessageNamesTheRule(string resource, string verb)
    {
        Server.Rules = [.. MembershipApi.Calls.Where(call => call != (resource, verb)).Select(call => Rule(call.Resource, call.Verb))];

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => ActAsASiloAsync("fresh-" + ClusterId[..20]));

        Assert.Equal(KubernetesFault.Forbidden, thrown.Fault);
        Assert.Contains(
            $"apiGroups [transaction-pipeline.io], resources [{resource}], verbs [{verb}] in namespace data-pipeline",
            thrown.Message,
            StringComparison.Ordinal);
    }

    private static PolicyRule Rule(string resource, string verb) => new([MembershipApi.Group], [resource], [verb], []);

    // All that a silo's life asks of the table, from the first start of a cluster to the cleaning up after its dead.
    private async Task ActAsASiloAsync(string clusterId)
    {
        Server.Log.Clear();
        await using var client = new MembershipClient(Server, clusterId);
        await client.Table.InitializeMembershipTableAsync(true);
        var entry = NewEntry(SiloStatus.Dead, TimeSpan.FromDays(10));
        var data = await client.Table.ReadAllAsync();
        Assert.True(await client.Table.InsertRowAsync(entry, data.Version.Next()));
        await client.Table.UpdateIAmAliveAsync(entry);
        data = await client.Table.ReadRowAsync(entry.SiloAddress);
        Assert.True(await client.Table.UpdateRowAsync(entry, data.Members[0].Item2, data.Version.Next()));
        await client.Gateways.GetGatewaysAsync();
        await client.Table.CleanupDefunctSiloEntriesAsync(TimeProvider.System.GetUtcNow());
    }
}
