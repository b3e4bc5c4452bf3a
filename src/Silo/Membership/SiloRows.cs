using TransactionPipeline.Silo.Membership.Resources;

namespace TransactionPipeline.Silo.Membership;

/// <summary>Rows of the custom resource to and from Orleans' entries.</summary>
internal static class SiloRows
{
    public static SiloRow ToRow(MembershipEntry entry, int revision) => new()
    {
        Address = entry.SiloAddress.ToParsableString(),
        Revision = revision,
        Status = entry.Status.ToString(),
        SiloName = entry.SiloName,
        HostName = entry.HostName,
        GatewayPort = entry.ProxyPort,
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = Utc(entry.StartTime),
        IAmAliveTime = Utc(entry.IAmAliveTime),
        Suspicions = entry.SuspectTimes?.ConvertAll(vote => new Suspicion(vote.Item1.ToParsableString(), Utc(vote.Item2))),
    };

    public static MembershipEntry ToEntry(SiloRow row, DateTime? heartbeat) => new()
    {
        SiloAddress = SiloAddress.FromParsableString(row.Address),
        Status = Enum.Parse<SiloStatus>(row.Status),
        SiloName = row.SiloName!,
        HostName = row.HostName!,
        ProxyPort = row.GatewayPort,
        RoleName = row.RoleName,
        UpdateZone = row.UpdateZone,
        FaultZone = row.FaultZone,
        StartTime = row.StartTime,
        // A row is rewritten with the time that its writer knows, a heartbeat by its silo: the later of both holds.
        IAmAliveTime = heartbeat is { } beat && beat > row.IAmAliveTime ? beat : row.IAmAliveTime,
        SuspectTimes = row.Suspicions?.Select(vote => Tuple.Create(SiloAddress.FromParsableString(vote.By), vote.At)).ToList(),
    };

    /// <summary>True for a row that is not active and of which nothing was heard since.</summary>
    public static bool IsDefunct(SiloRow row, DateTime? heartbeat, DateTimeOffset before)
    {
        if (string.Equals(row.Status, nameof(SiloStatus.Active), StringComparison.Ordinal)) return false;
        var heard = row.StartTime > row.IAmAliveTime ? row.StartTime : row.IAmAliveTime;
        if (heartbeat > heard) heard = heartbeat.Value;
        // A silo just voted dead has an old heartbeat; the votes keep it visible for as long as others may have to learn of it.
        foreach (var vote in row.Suspicions ?? [])
        {
            if (vote.At > heard) heard = vote.At;
        }

        return heard < before.UtcDateTime;
    }

    public static DateTime Utc(DateTime time) =>
        time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
