namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>Sweeps <c>store.db</c>.</summary>
public sealed class SqliteStoreSweeper(SqliteStore store) : IStoreSweeper
{
    /// <inheritdoc/>
    public async Task<int> SweepAsync(DateTimeOffset snapshotsBefore, DateTimeOffset historyBefore, CancellationToken cancellationToken)
    {
        var (snapshots, history) = (snapshotsBefore.ToUnixTimeMilliseconds(), historyBefore.ToUnixTimeMilliseconds());
        var removed = 0;
        // Each by itself: none needs the others, and the file is locked for a short time only.
        foreach (var (sql, before) in new (string, object)[]
        {
            ("DELETE FROM snapshots WHERE max(checked_at, coalesce(used_at + 86400000000, 0)) < $before * 1000", snapshots),
            ("DELETE FROM month_checks WHERE checked_at < $before * 1000", snapshots),
            // A released lease has no time left of its own. Its holder is gone with its snapshot, and no name of a holder comes again.
            ("DELETE FROM leases WHERE expires_at < $before AND name NOT IN (SELECT key FROM snapshots)", snapshots),
            ("DELETE FROM daily_counts WHERE day < $before", $"{DateOnly.FromDateTime(snapshotsBefore.UtcDateTime):O}"),
            ("DELETE FROM runs WHERE finished_at < $before", history),
            (
                """
                DELETE FROM rejected_transactions WHERE batch IN
                    (SELECT id FROM batches WHERE status IN ('loaded', 'empty', 'abandoned', 'failed') AND started_at < $before)
                """, history),
            ("DELETE FROM batches WHERE status IN ('loaded', 'empty', 'abandoned', 'failed') AND started_at < $before", history),
        })
            removed += await store.ExecuteAsync(sql, [("$before", before)], cancellationToken);
        return removed;
    }
}
