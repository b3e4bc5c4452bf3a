using System.Globalization;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Grains;

/// <summary>Silos hold leases under their addresses, so that the cluster's membership says which of them have ended.</summary>
internal sealed class SiloLeaseHolders(ILocalSiloDetails silo, ISiloStatusOracle membership) : ILeaseHolders
{
    public string Own { get; } = silo.SiloAddress.ToParsableString();

    public bool HasEnded(string holder)
    {
        var end = holder.IndexOf('/');
        // Not a silo: a command beside the cluster, or a version before silos named themselves.
        return SiloAddress.TryParse(end < 0 ? holder : holder[..end], CultureInfo.InvariantCulture, out var address) && membership.IsDeadSilo(address);
    }
}
