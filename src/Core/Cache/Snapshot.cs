using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>An immutable answer of a mart for one key, as of one moment.</summary>
/// <param name="Key">What was asked.</param>
/// <param name="Version">Orders all answers of its mart and month; one version never has two contents.</param>
/// <param name="DataVersion">The mart's change token that the rows were read under.</param>
/// <param name="DataAsOf">When the mart read began: the rows hold every change committed before it.</param>
/// <param name="CheckedAt">When the rows were last known to be unchanged in the mart; at or after <paramref name="DataAsOf"/>.</param>
/// <param name="Rows">The rows, sorted.</param>
public sealed record Snapshot(
    QueryKey Key, SnapshotVersion Version, string DataVersion, DateTimeOffset DataAsOf, DateTimeOffset CheckedAt, MartRows Rows);
