using System.Text.Json;

namespace TransactionPipeline.Silo.Membership.Resources;

/// <summary>One page of a list of any kind.</summary>
internal sealed record ListAnswer(ListMetadata? Metadata, IReadOnlyList<JsonElement> Items);

/// <summary>Where the next page begins; empty on the last.</summary>
internal sealed record ListMetadata(string? Continue);
