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
        "SELECT version, issuer, data_version, data_as_of, checked_at FROM snapshots WHERE key = $1 AND content IS NOT NULL",
        ReadHead, [key.ToString()], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public async Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        var stored = await store.QueryAsync(
            "SELECT version, issuer, data_version, data_as_of, checked_at, content FROM snapshots WHERE key = $1 AND content IS NOT NULL",
            row => (Head: ReadHead(row), Content: row.GetFieldValue<byte[]>(5)), [key.ToString()], cancellationToken);
        if (stored.Count == 0 || SnapshotCodec.TryDecode(stored[0].Content) is not { } rows) return null;
        var head = stored[0].Head;
        return new Snapshot(key, head.Version, head.DataVersion, head.DataAsOf, head.CheckedAt, rows);
    }

    /// <inheritdoc/>
    public async Task<Committed> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken)
    {
        // The common case, nothing changed, sends no rows.
        if (await MoveCheckedAtAsync(lease, snapshot, cancellationToken)) return new(CommitOutcome.Stored);

        var month = snapshot.Key.MonthText;
        var outcomes = await store.QueryAsync(
            $"""
            WITH held AS ({Held}),
            risen AS (
                INSERT INTO month_versions AS newest (month, version, issuer) SELECT $12, $5, $13 FROM held
                ON CONFLICT (month) DO UPDATE SET version = excluded.version, issuer = excluded.issuer
                WHERE (newest.version, newest.issuer) < (excluded.version, excluded.issuer)
                RETURNING month
            ),
            committed AS (
                INSERT INTO snapshots (key, version, issuer, fence, data_version, data_as_of, checked_at, content)
                SELECT $4, $5, $13, $3, $6, $7, $8, $9 FROM risen
                ON CONFLICT (key) DO UPDATE SET version = excluded.version, issuer = excluded.issuer, fence = excluded.fence,
                    data_version = excluded.data_version, data_as_of = excluded.data_as_of, checked_at = excluded.checked_at,
                    content = excluded.content
                RETURNING key
            ),
            told AS MATERIALIZED (SELECT pg_notify($10, $11) FROM committed)
            SELECT (SELECT count(*) FROM held) = 1, (SELECT count(*) FROM told) = 1
            """,
            row => (IsHeld: row.GetBoolean(0), IsStored: row.GetBoolean(1)),
            [
                lease.Name, lease.Holder, lease.Fence, snapshot.Key.ToString(), snapshot.Version.Time, snapshot.DataVersion,
                snapshot.DataAsOf.ToUniversalTime(), snapshot.CheckedAt.ToUniversalTime(), SnapshotCodec.Encode(snapshot.Rows),
                PostgresStore.SnapshotChannel, SnapshotNotice.Write(snapshot, MaxNotification), month, snapshot.Version.Issuer,
            ],
            cancellationToken);
        var (isHeld, isStored) = outcomes.Single();
        if (!isHeld) return new(CommitOutcome.LeaseLost);
        if (isStored) return new(CommitOutcome.Stored);
        var newest = await store.QueryAsync(
            "SELECT version, issuer FROM month_versions WHERE month = $1", row => new SnapshotVersion(row.GetInt64(0), row.GetInt64(1)),
            [month], cancellationToken);
        return new(CommitOutcome.Outrun, newest.Single());
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
            WHERE key = $5 AND version = $6 AND issuer = $7 AND content IS NOT NULL
            """,
            [
                lease.Name, lease.Holder, lease.Fence, snapshot.CheckedAt.ToUniversalTime(),
                snapshot.Key.ToString(), snapshot.Version.Time, snapshot.Version.Issuer,
            ],
            cancellationToken) == 1;

    private static SnapshotHead ReadHead(NpgsqlDataReader row) => new(
        new(row.GetInt64(0), row.GetInt64(1)), row.GetString(2), row.GetFieldValue<DateTimeOffset>(3), row.GetFieldValue<DateTimeOffset>(4));
}
