using System.Net;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Silo.Tests.Membership;

/// <summary>A fresh API server and an empty table for each test.</summary>
public abstract class MembershipTests : IAsyncLifetime
{
    private static int _generation;
    private readonly List<MembershipClient> _clients = [];

    protected string ClusterId { get; } = "test-" + Guid.NewGuid().ToString("N");

    private protected KubernetesStandInServer Server { get; private set; } = null!;

    private protected MembershipClient Client { get; private set; } = null!;

    protected IMembershipTable Table => Client.Table;

    public virtual async Task InitializeAsync()
    {
        Server = await KubernetesStandInServer.StartAsync(new StandInOptions { Namespaces = [MembershipClient.Namespace], Manifests = [Path.Combine(Repository.Chart, "crds")] });
        Client = Connect();
        await Table.InitializeMembershipTableAsync(true);
    }

    public async Task DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Server.DisposeAsync();
    }

    private protected MembershipClient Connect(Action<KubernetesMembershipOptions>? configure = null)
    {
        var client = new MembershipClient(Server, ClusterId, configure);
        _clients.Add(client);
        return client;
    }

    protected static SiloAddress NewAddress() => SiloAddress.New(IPAddress.Loopback, 12345, Interlocked.Increment(ref _generation));

    protected static MembershipEntry NewEntry(SiloStatus status = SiloStatus.Joining, TimeSpan age = default)
    {
        var at = Seconds(TimeProvider.System.GetUtcNow().UtcDateTime) - age;
        return new MembershipEntry
        {
            SiloAddress = NewAddress(),
            HostName = "host",
            SiloName = "silo",
            Status = status,
            ProxyPort = 30000,
            StartTime = at,
            IAmAliveTime = at,
        };
    }

    protected async Task<MembershipTableData> InsertAsync(MembershipEntry entry)
    {
        var before = await Table.ReadAllAsync();
        Assert.True(await Table.InsertRowAsync(entry, before.Version.Next()), "the insert was refused");
        return await Table.ReadAllAsync();
    }

    protected static DateTime Seconds(DateTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
}
