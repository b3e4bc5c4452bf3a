using Npgsql;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// Snapshots in PostgreSQL, shared by every replica. A commit is one statement that locks the lease's row, so that nobody can take the
/// lease between the look at it and the write.
/// </summary>
public sealed class PostgresSnapshotStore(PostgresStore store) : ISnapshotStore
{
    // A notification has at most 8,000 bytes; one that is longer is left out, since the poll finds out too.
    private const int MaxNotification = 2000;

    private const string Held = "SELECT 1 FROM leases WHERE name = $1 AND holder = $2 AND fence = $3 FOR UPDATE";

    /// <inheritdoc/>
    public async Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken) => (await store.QueryAsync(
        "SELECT version, data_version, data_as_of, checked_at FROM snapshots WHERE key = $1 AND content IS NOT NULL",
        ReadHead, [key.ToString()], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public async Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        var stored = await store.QueryAsync(
            "SELECT version, data_version, data_as_of, checked_at, content FROM snapshots WHERE key = $1 AND content IS NOT NULL",
            row => (Head: ReadHead(row), Content: row.GetFieldValue<byte[]>(4)), [key.ToString()], cancellationToken);
        if (stored.Count == 0 || SnapshotCodec.TryDecode(stored[0].Content) is not { } rows) return null;
        var head = stored[0].Head;
        return new Snapshot(key, head.Version, head.DataVersion, head.DataAsOf, head.CheckedAt, rows);
    }

    /// <inheritdoc/>
    public async Task<Snapshot?> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken)
    {
        // The common case, nothing changed, sends no rows.
        if (await MoveCheckedAtAsync(lease, snapshot, cancellationToken)) return snapshot;

        var committed = await store.QueryAsync(
            $"""
            WITH held AS ({Held}),
            committed AS (
                INSERT INTO snapshots AS stored (key, version, fence, data_version, data_as_of, checked_at, content)
                SELECT $4, $5, $3, $6, $7, $8, $9 FROM held
                ON CONFLICT (key) DO UPDATE SET version = greatest(excluded.version, stored.version + 1), fence = excluded.fence,
                    data_version = excluded.data_version, data_as_of = excluded.data_as_of, checked_at = excluded.checked_at,
                    content = excluded.content
                RETURNING version
            )
            SELECT version, pg_notify($10, $11) FROM committed
            """,
            row => row.GetInt64(0),
            [
                lease.Name, lease.Holder, lease.Fence, snapshot.Key.ToString(), snapshot.Version, snapshot.DataVersion,
                snapshot.DataAsOf.ToUniversalTime(), snapshot.CheckedAt.ToUniversalTime(), SnapshotCodec.Encode(snapshot.Rows),
                PostgresStore.SnapshotChannel, SnapshotNotice.Write(snapshot, MaxNotification),
            ],
            cancellationToken);
        return committed.Count == 0 ? null : snapshot with { Version = committed[0] };
    }

    /// <inheritdoc/>
    public async Task<Month?> FindNewestMonthAsync(Mart mart, CancellationToken cancellationToken) => (await store.QueryAsync(
        """
        SELECT substr(key, length($1) + 1, 7) COLLATE "C" AS month FROM snapshots
        WHERE starts_with(key, $1) AND length(content) > $2 ORDER BY month DESC LIMIT 1
        """,
        row => Month.Parse(row.GetString(0)), [QueryKey.Beginning(mart), SnapshotCodec.MaxEmptyBytes], cancellationToken))
        .Select(month => (Month?)month).SingleOrDefault();

    /// <inheritdoc/>
    public async Task<bool> RemoveAsync(QueryKey key, CancellationToken cancellationToken) => await store.ExecuteAsync(
        "UPDATE snapshots SET content = NULL WHERE key = $1 AND content IS NOT NULL", [key.ToString()], cancellationToken) > 0;

    private async Task<bool> MoveCheckedAtAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken) =>
        await store.ExecuteAsync(
            $"""
            WITH held AS ({Held})
            UPDATE snapshots SET checked_at = $4, fence = $3 FROM held
            WHERE key = $5 AND version = $6 AND data_as_of = $7 AND content IS NOT NULL
            """,
            [
                lease.Name, lease.Holder, lease.Fence, snapshot.CheckedAt.ToUniversalTime(),
                snapshot.Key.ToString(), snapshot.Version, snapshot.DataAsOf.ToUniversalTime(),
            ],
            cancellationToken) == 1;

    private static SnapshotHead ReadHead(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.GetFieldValue<DateTimeOffset>(3));
}
