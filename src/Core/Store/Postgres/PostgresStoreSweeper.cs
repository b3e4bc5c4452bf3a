namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>Sweeps the store in PostgreSQL.</summary>
public sealed class PostgresStoreSweeper(PostgresStore store) : IStoreSweeper
{
    /// <inheritdoc/>
    public async Task<int> SweepAsync(DateTimeOffset snapshotsBefore, DateTimeOffset historyBefore, CancellationToken cancellationToken)
    {
        var (snapshots, history) = (snapshotsBefore.ToUniversalTime(), historyBefore.ToUniversalTime());
        var removed = 0;
        // Each by itself: none needs the others, and locks are short.
        foreach (var (sql, before) in new (string, object)[]
        {
            ("DELETE FROM snapshots WHERE greatest(checked_at, used_at + interval '1 day') < $1", snapshots),
            ("DELETE FROM month_checks WHERE checked_at < $1", snapshots),
            // A released lease has no time left of its own. Its holder is gone with its snapshot, and no name of a holder comes again.
            ("DELETE FROM leases WHERE expires_at < $1 AND NOT EXISTS (SELECT FROM snapshots WHERE key = leases.name)", snapshots),
            ("DELETE FROM daily_counts WHERE day < $1", DateOnly.FromDateTime(snapshots.UtcDateTime)),
            ("DELETE FROM runs WHERE finished_at < $1", history),
            (
                """
                WITH ended AS (DELETE FROM batches WHERE status IN ('loaded', 'empty', 'abandoned', 'failed') AND started_at < $1 RETURNING id)
                DELETE FROM rejected_transactions WHERE batch IN (SELECT id FROM ended)
                """, history),
        })
            removed += await store.ExecuteAsync(sql, [before], cancellationToken);
        return removed;
    }
}
