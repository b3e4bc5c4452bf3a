using System.Text.Json;
using System.Text.Json.Serialization;

namespace TransactionPipeline.Silo.Membership.Resources;

/// <summary>One silo in the table. Times are UTC.</summary>
internal sealed record SiloRow
{
    /// <summary>ip:port@generation, the key of the row.</summary>
    public required string Address { get; init; }

    /// <summary>The table version that wrote the row last: the row's etag.</summary>
    public int Revision { get; init; }

    public required string Status { get; init; }

    public string? SiloName { get; init; }

    public string? HostName { get; init; }

    /// <summary>The port for clients, 0 when the silo takes none.</summary>
    public int GatewayPort { get; init; }

    public string? RoleName { get; init; }

    public int UpdateZone { get; init; }

    public int FaultZone { get; init; }

    public DateTime StartTime { get; init; }

    /// <summary>As of the row's last write; later heartbeats are in the silo's own object.</summary>
    public DateTime IAmAliveTime { get; init; }

    /// <summary>Who suspects this silo; null when never set, which Orleans tells from empty.</summary>
    public IReadOnlyList<Suspicion>? Suspicions { get; init; }

    /// <summary>What a newer version keeps there: a PUT without it would take it away.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; } // Not init: the generated reader fills it late.
}
