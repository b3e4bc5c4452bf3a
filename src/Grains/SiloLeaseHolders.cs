using System.Globalization;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Grains;

/// <summary>
/// Silos hold leases under their machines and addresses, so that the cluster's membership says which of them have ended. The machine is
/// named because one store may serve several clusters: a loopback address is a silo's on each machine, and what runs there on another one
/// is not its successor.
/// </summary>
internal sealed class SiloLeaseHolders(ILocalSiloDetails silo, ISiloStatusOracle membership) : ILeaseHolders
{
    private const char OnMachine = '|';
    private static readonly string Machine = Environment.MachineName;

    public string Own { get; } = $"{Machine}{OnMachine}{silo.SiloAddress.ToParsableString()}";

    public bool HasEnded(string holder)
    {
        var (start, end) = (holder.IndexOf(OnMachine) + 1, holder.IndexOf('/'));
        // Without an address: a command beside the cluster.
        if (!SiloAddress.TryParse(holder[start..(end < start ? holder.Length : end)], CultureInfo.InvariantCulture, out var address)) return false;
        // The table's own word for that one silo. What the membership would conclude from a later silo at the same address holds for one
        // cluster only, so it is concluded here, of this silo and its machine.
        if (membership.GetApproximateSiloStatuses().TryGetValue(address, out var status)) return status == SiloStatus.Dead;
        return holder.AsSpan(0, Math.Max(start - 1, 0)).SequenceEqual(Machine) && silo.SiloAddress.IsSuccessorOf(address);
    }
}
