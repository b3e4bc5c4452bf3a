using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Grains.Query;

/// <summary>A <see cref="SnapshotVersion"/> on its way.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.version-note")]
internal readonly record struct VersionNote
{
    /// <summary>As <see cref="SnapshotVersion.Time"/>.</summary>
    [Id(0)] public long Time { get; init; }

    /// <summary>As <see cref="SnapshotVersion.Issuer"/>.</summary>
    [Id(1)] public long Issuer { get; init; }

    public static VersionNote Of(SnapshotVersion version) => new() { Time = version.Time, Issuer = version.Issuer };

    public SnapshotVersion ToVersion() => new(Time, Issuer);
}
