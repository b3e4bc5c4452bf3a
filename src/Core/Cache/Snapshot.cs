using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>An immutable answer of a mart for one key, as of one moment.</summary>
/// <param name="Key">What was asked.</param>
/// <param name="Version">Rises with each commit for the key, over all processes that share a store; from 1.</param>
/// <param name="DataVersion">The mart's change token that the rows were read under.</param>
/// <param name="DataAsOf">When the mart read began: the rows hold every change committed before it.</param>
/// <param name="CheckedAt">When the rows were last known to be unchanged in the mart; at or after <paramref name="DataAsOf"/>.</param>
/// <param name="Rows">The rows, sorted.</param>
public sealed record Snapshot(
    QueryKey Key, long Version, string DataVersion, DateTimeOffset DataAsOf, DateTimeOffset CheckedAt, MartRows Rows)
{
    /// <summary>Time since the rows were last known to be right: the answer's <c>Age</c>.</summary>
    public TimeSpan AgeAt(DateTimeOffset now) => now > CheckedAt ? now - CheckedAt : TimeSpan.Zero;
}
