namespace TransactionPipeline.Core.Cache;

/// <summary>What a process holds for one key, for operators.</summary>
/// <param name="Key">The key.</param>
/// <param name="Version">The snapshot's version; <see cref="SnapshotVersion.None"/> while there is none.</param>
/// <param name="Rows">Rows in the snapshot.</param>
/// <param name="SizeInBytes">Memory of the snapshot.</param>
/// <param name="DataAsOf">When its mart read began; null while there is none.</param>
/// <param name="CheckedAt">When it was last known unchanged; null while there is none.</param>
/// <param name="Hits">Answers given from it in this process.</param>
/// <param name="LastAskedAt">When a caller last asked.</param>
/// <param name="Owner">Who refreshes it: this process, or the silo that answered last when asked; null while none has.</param>
/// <param name="IsOwned">This process is the one that refreshes it for all.</param>
public sealed record KeyStatus(
    QueryKey Key, SnapshotVersion Version, int Rows, long SizeInBytes, DateTimeOffset? DataAsOf, DateTimeOffset? CheckedAt,
    long Hits, DateTimeOffset LastAskedAt, string? Owner, bool IsOwned = false);
