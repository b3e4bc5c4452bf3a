using System.Text.Json.Serialization;

namespace TransactionPipeline.Core.Google;

internal sealed record GoogleErrorAnswer(GoogleError? Error);

internal sealed record GoogleError(string? Message, IReadOnlyList<GoogleErrorItem>? Errors);

/// <summary>Also what jobs have in <c>status.errorResult</c>.</summary>
internal sealed record GoogleErrorItem(string? Reason, string? Message);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GoogleErrorAnswer))]
internal sealed partial class GoogleJson : JsonSerializerContext;
