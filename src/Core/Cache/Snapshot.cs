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
    QueryKey Key, SnapshotVersion Version, string DataVersion, DateTimeOffset DataAsOf, DateTimeOffset CheckedAt, MartRows Rows)
{
    // Without an offset: two would be a fortieth of a small key.
    private readonly long _dataAsOf = DataAsOf.UtcTicks;
    private readonly long _checkedAt = CheckedAt.UtcTicks;

    /// <summary>When the mart read began, in UTC.</summary>
    public DateTimeOffset DataAsOf
    {
        get => new(_dataAsOf, TimeSpan.Zero);
        init => _dataAsOf = value.UtcTicks;
    }

    /// <summary>When the rows were last known to be unchanged in the mart, in UTC.</summary>
    public DateTimeOffset CheckedAt
    {
        get => new(_checkedAt, TimeSpan.Zero);
        init => _checkedAt = value.UtcTicks;
    }
}
