using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Messaging;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Silo.Tests.Membership;

/// <summary>The table and the gateway list as a silo's container makes them, against a stand-in.</summary>
internal sealed class MembershipClient : IAsyncDisposable
{
    public const string Namespace = "data-pipeline";

    private readonly ServiceProvider _services;

    public MembershipClient(KubernetesStandInServer server, string clusterId, Action<KubernetesMembershipOptions>? configure = null, TimeProvider? time = null)
    {
        var silo = new BareSiloBuilder();
        silo.Services.AddLogging();
        if (time is not null) silo.Services.AddSingleton(time);
        silo.Services.Configure<ClusterOptions>(options => options.ClusterId = clusterId);
        silo.AddKubernetesMembership(options =>
        {
            options.ApiServer = server.Address;
            options.Namespace = Namespace;
            options.ServiceAccountDirectory = "none-here";
            options.RetryDelay = TimeSpan.FromMilliseconds(2);
            options.StartPatience = TimeSpan.Zero;
            configure?.Invoke(options);
        });
        _services = silo.Services.BuildServiceProvider();
    }

    public IMembershipTable Table => _services.GetRequiredService<IMembershipTable>();

    public IGatewayListProvider Gateways => _services.GetRequiredService<IGatewayListProvider>();

    /// <summary>What tells this client's meter from those of tests beside it.</summary>
    public object MeterScope => _services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
