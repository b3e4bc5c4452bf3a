using System.Collections.Immutable;

namespace TransactionPipeline.Grains.Watch;

/// <summary>What a silo wants looked at.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.look-request")]
internal sealed record LookRequest
{
    /// <summary>The months that the silo holds, as <c>YYYY-MM</c>.</summary>
    [Id(0)] public ImmutableArray<string> Months { get; init; } = [];

    /// <summary>True when the mart is known to have changed just now.</summary>
    [Id(1)] public bool Woken { get; init; }

    /// <summary>When it was asked, by the asker's clock: what it is told unasked later is dated from then. Null from a silo that does not say.</summary>
    [Id(2)] public DateTimeOffset? AskedAt { get; init; }
}
