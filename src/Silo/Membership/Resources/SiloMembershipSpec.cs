using System.Text.Json;
using System.Text.Json.Serialization;

namespace TransactionPipeline.Silo.Membership.Resources;

internal sealed record SiloMembershipSpec
{
    /// <summary>Orleans' table version: rises by one with each change of the membership.</summary>
    public int Version { get; init; }

    public IReadOnlyList<SiloRow> Silos { get; init; } = [];

    /// <inheritdoc cref="SiloRow.Others"/>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; } // Not init: the generated reader fills it late.
}
