using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Silo.Tests.Membership;

/// <summary>A rolling update: silos of this version write a table to which a newer version, with a newer CRD, has added fields.</summary>
public sealed class VersionSkewTests : IAsyncLifetime
{
    private const string ClusterId = "skew";
    private readonly DirectoryInfo _crds = Directory.CreateTempSubdirectory("newer-crds-");
    private KubernetesStandInServer _server = null!;
    private MembershipClient _client = null!;

    public async Task InitializeAsync()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Chart, "crds")))
        {
            var crd = await File.ReadAllTextAsync(file);
            await File.WriteAllTextAsync(Path.Combine(_crds.FullName, Path.GetFileName(file)), WithText(WithText(crd, "version", "era"), "siloName", "rack"));
        }

        _server = await KubernetesStandInServer.StartAsync(
            new StandInOptions { Namespaces = [MembershipClient.Namespace], Manifests = [_crds.FullName] });
        _client = new MembershipClient(_server, ClusterId);
        await _client.Table.InitializeMembershipTableAsync(true);
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        _crds.Delete(recursive: true);
    }

    [Fact]
    public async Task Write_OfATableWithNewerFields_KeepsThem()
    {
        var table = _client.Table;
        var (first, defunct) = (Entry(1, SiloStatus.Active), Entry(2, SiloStatus.Dead));
        await table.InsertRowAsync(first, (await table.ReadAllAsync()).Version.Next());
        await table.InsertRowAsync(defunct, (await table.ReadAllAsync()).Version.Next());
        await AddNewerFieldsAsync();

        first.Status = SiloStatus.ShuttingDown;
        var before = await table.ReadAllAsync();
        Assert.True(await table.UpdateRowAsync(first, before.TryGet(first.SiloAddress)!.Item2, before.Version.Next()));
        Assert.True(await table.InsertRowAsync(Entry(3, SiloStatus.Active), (await table.ReadAllAsync()).Version.Next()));
        await table.CleanupDefunctSiloEntriesAsync(DateTimeOffset.UnixEpoch.AddDays(1));

        var spec = Assert.Single(_server.Objects(MembershipApi.Group, MembershipApi.Tables))["spec"]!;
        var rows = spec["silos"]!.AsArray();
        Assert.Equal(("second", 2), (spec["era"]!.GetValue<string>(), rows.Count));
        Assert.Equal(("ShuttingDown", "rack 1"), (rows[0]!["status"]!.GetValue<string>(), rows[0]!["rack"]!.GetValue<string>()));
    }

    /// <summary>The CRD with one more field of text, before an old one.</summary>
    private static string WithText(string crd, string old, string added) => Regex.Replace(
        crd, $"^( +){old}:$", $"$1{added}:\n$1  type: string\n$1{old}:", RegexOptions.Multiline, TimeSpan.FromSeconds(1));

    private static MembershipEntry Entry(int generation, SiloStatus status) => new()
    {
        SiloAddress = SiloAddress.New(System.Net.IPAddress.Loopback, 11111, generation),
        SiloName = $"silo-{generation}",
        HostName = "host",
        Status = status,
        StartTime = status == SiloStatus.Dead ? DateTime.UnixEpoch : DateTime.UnixEpoch.AddDays(2),
        IAmAliveTime = status == SiloStatus.Dead ? DateTime.UnixEpoch : DateTime.UnixEpoch.AddDays(2),
    };

    private async Task AddNewerFieldsAsync()
    {
        using var http = new HttpClient();
        var address = new Uri(
            _server.Address,
            $"apis/{MembershipApi.Group}/{MembershipApi.Version}/namespaces/{MembershipClient.Namespace}/{MembershipApi.Tables}/{ClusterId}");
        var read = (await http.GetFromJsonAsync<JsonObject>(address))!;
        read["spec"]!["era"] = "second";
        foreach (var row in read["spec"]!["silos"]!.AsArray()) row!["rack"] = $"rack {row["siloName"]!.GetValue<string>()[^1]}";
        (await http.PutAsJsonAsync(address, read)).EnsureSuccessStatusCode();
    }
}
