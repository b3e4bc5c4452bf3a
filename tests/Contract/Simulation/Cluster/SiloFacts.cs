using System.Net;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Contract.Simulation.Cluster;

/// <summary>What a silo knows of itself and of the others.</summary>
internal sealed class SiloFacts(SimulatedSilo silo, SimulatedCluster cluster) : ILocalSiloDetails, ISiloStatusOracle, ILeaseHolders
{
    private static readonly SiloAddress AnyAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), 1);

    public string Name => silo.Name;

    public string Own => silo.Name;

    public string SiloName => silo.Name;

    public SiloStatus CurrentStatus => SiloStatus.Active;

    public SiloAddress SiloAddress => AnyAddress;

    public string ClusterId => throw new NotSupportedException();

    public string DnsHostName => throw new NotSupportedException();

    public SiloAddress GatewayAddress => throw new NotSupportedException();

    public bool HasEnded(string holder) => cluster.HasEnded(holder[..holder.IndexOf('/')]);

    public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress) => throw new NotSupportedException();

    public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) => throw new NotSupportedException();

    public SiloAddress[] GetActiveSilos() => throw new NotSupportedException();

    public bool TryGetSiloName(SiloAddress siloAddress, out string siloName) => throw new NotSupportedException();

    public bool IsFunctionalDirectory(SiloAddress siloAddress) => throw new NotSupportedException();

    public bool IsDeadSilo(SiloAddress silo) => throw new NotSupportedException();

    public bool SubscribeToSiloStatusEvents(ISiloStatusListener observer) => throw new NotSupportedException();

    public bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer) => throw new NotSupportedException();
}
