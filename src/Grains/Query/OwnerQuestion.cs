using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Grains.Query;

/// <summary>What a silo asks of a key's owner.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.owner-question")]
internal sealed record OwnerQuestion
{
    /// <summary>The oldest answer that will do. A duration, so that clocks of two machines need not agree.</summary>
    [Id(0)] public TimeSpan MaxAge { get; init; }

    /// <summary>The lowest version that will do.</summary>
    [Id(1)] public VersionNote MinVersion { get; init; }

    /// <summary>The version of the snapshot that the asker has, whose rows are not sent again; none when it has none.</summary>
    [Id(2)] public VersionNote HeldVersion { get; init; }

    /// <summary>The asker's <see cref="VersionClock.Last"/>.</summary>
    [Id(3)] public long Clock { get; init; }
}
