using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// Where the last good snapshots outlive the process, and what processes that share it agree by. A write needs the key's lease and is
/// refused when another has taken the lease since.
/// </summary>
public interface ISnapshotStore
{
    /// <summary>What is stored for the key, without its rows; null when nothing is.</summary>
    Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken);

    /// <summary>The stored snapshot; null when there is none or its content cannot be read (it is then made anew).</summary>
    Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Stores <paramref name="snapshot"/>. When that very snapshot (version and data_as_of) is stored already, only its checked_at
    /// moves; else it becomes the next version: above the stored one, and at least the one it proposes.
    /// </summary>
    /// <returns>The snapshot as stored; null when the lease was lost, and nothing was written.</returns>
    Task<Snapshot?> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken);

    /// <summary>The newest month that a snapshot with rows is stored for, of any prefix; null when there is none.</summary>
    Task<Month?> FindNewestMonthAsync(Mart mart, CancellationToken cancellationToken);

    /// <summary>Removes the key's rows; its version is kept, so that versions go on rising. False when there was none.</summary>
    Task<bool> RemoveAsync(QueryKey key, CancellationToken cancellationToken);
}

/// <summary>A stored snapshot without its rows; the fields are those of <see cref="Snapshot"/>.</summary>
public sealed record SnapshotHead(long Version, string DataVersion, DateTimeOffset DataAsOf, DateTimeOffset CheckedAt);
