using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;

namespace TransactionPipeline.Silo.Membership;

/// <summary>The gateways of the silos that the membership table calls active.</summary>
internal sealed class KubernetesGatewayListProvider(MembershipStore store, IOptions<GatewayOptions> options) : IGatewayListProvider
{
    public TimeSpan MaxStaleness => options.Value.GatewayListRefreshPeriod;

    [Obsolete("Orleans no longer asks")]
    public bool IsUpdatable => true;

    // A client may come before the first silo; only silos make the table.
    public Task InitializeGatewayListProviderAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public async Task<IList<Uri>> GetGatewaysAsync(CancellationToken cancellationToken = default)
    {
        if (await store.FindTableAsync(cancellationToken) is not { } table) return [];
        return table.Spec.Silos
            .Select(row => SiloRows.ToEntry(row, heartbeat: null))
            .Where(silo => silo.Status == SiloStatus.Active && silo.ProxyPort > 0)
            .Select(silo => SiloAddress.New(silo.SiloAddress.Endpoint.Address, silo.ProxyPort, silo.SiloAddress.Generation).ToGatewayUri())
            .ToList();
    }

    Task IGatewayListProvider.InitializeGatewayListProvider() => InitializeGatewayListProviderAsync(CancellationToken.None);

    Task<IList<Uri>> IGatewayListProvider.GetGateways() => GetGatewaysAsync(CancellationToken.None);
}
