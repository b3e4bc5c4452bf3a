using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// Where the last good snapshots outlive the process, and what processes that share it agree by. A write needs the key's lease and is
/// refused when another has taken the lease since. Times are this process's; a store that processes of several machines share keeps them
/// by its own clock.
/// </summary>
public interface ISnapshotStore
{
    /// <summary>What is stored for the key, without its rows; null when nothing is.</summary>
    Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken);

    /// <summary>The stored snapshot; null when there is none or it cannot be read or dated (it is then made anew).</summary>
    Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Stores <paramref name="snapshot"/>. When its version is the key's stored one, only its checked_at moves; else it must be above every
    /// version that was ever stored for its mart and month.
    /// </summary>
    Task<Committed> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken);

    /// <summary>
    /// Keeps that months of a mart had these change tokens: what is stored of them under the same token counts as checked then. What is
    /// known from later stands. It needs no lease, as it is so whoever tells it.
    /// </summary>
    Task NoteAsync(Mart mart, IReadOnlyCollection<MonthToken> seen, CancellationToken cancellationToken);

    /// <summary>Keeps what is stored for the key from being swept for another while, as it is in use. Nothing when nothing is stored.</summary>
    Task UseAsync(QueryKey key, CancellationToken cancellationToken);

    /// <summary>The newest month that a snapshot with rows is stored for, of any prefix; null when there is none.</summary>
    Task<Month?> FindNewestMonthAsync(Mart mart, CancellationToken cancellationToken);

    /// <summary>Removes the key's rows; what is stored later is still above its version. False when there was none.</summary>
    Task<bool> RemoveAsync(QueryKey key, CancellationToken cancellationToken);
}

/// <summary>A stored snapshot without its rows; the fields are those of <see cref="Snapshot"/>.</summary>
public sealed record SnapshotHead(SnapshotVersion Version, string DataVersion, DateTimeOffset DataAsOf, DateTimeOffset CheckedAt)
{
    /// <summary>
    /// What of it can be relied on at <paramref name="now"/>, by the clock that dated it and that may have been set back since: no check is
    /// from later than now. Null when the rows themselves are, and so have to be read anew.
    /// </summary>
    /// <param name="now">Now.</param>
    /// <param name="seenAt">When its change token was last noted, see <see cref="ISnapshotStore.NoteAsync"/>; null when it never was.</param>
    internal SnapshotHead? DatedBy(DateTimeOffset now, DateTimeOffset? seenAt)
    {
        if (DataAsOf > now) return null;
        var checkedAt = CheckedAt > now ? DataAsOf : CheckedAt;
        if (seenAt is { } seen && seen > checkedAt && seen <= now) checkedAt = seen;
        return this with { CheckedAt = checkedAt };
    }
}

/// <summary>What came of a commit.</summary>
/// <param name="Outcome">Whether it is stored.</param>
/// <param name="Newest">With <see cref="CommitOutcome.Outrun"/>: the version that a new one has to be above.</param>
public readonly record struct Committed(CommitOutcome Outcome, SnapshotVersion Newest = default);

/// <summary>The outcomes of a commit.</summary>
public enum CommitOutcome
{
    /// <summary>It is stored.</summary>
    Stored,

    /// <summary>The lease is another's by now; nothing was written.</summary>
    LeaseLost,

    /// <summary>The store has seen a higher version for its mart and month; nothing was written.</summary>
    Outrun,
}
