using Npgsql;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// Snapshots in PostgreSQL, shared by every replica, dated by its clock. A commit is one statement that locks the lease's row, so that
/// nobody can take the lease between the look at it and the write.
/// </summary>
public sealed class PostgresSnapshotStore(PostgresStore store) : ISnapshotStore
{
    // A notification has at most 8,000 bytes; one that is longer is left out, since the poll finds out too.
    private const int MaxNotification = 2000;

    private const string Held = "SELECT 1 FROM leases WHERE name = $1 AND holder = $2 AND fence = $3 FOR UPDATE";

    /// <inheritdoc/>
    public async Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken) =>
        (await ReadAsync(key, "version", static _ => true, cancellationToken)).Head;

    /// <inheritdoc/>
    public async Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        var (head, content) = await ReadAsync(key, "content", static row => row.GetFieldValue<byte[]>(0), cancellationToken);
        return head is not null && SnapshotCodec.TryDecode(content!) is { } rows
            ? new Snapshot(key, head.Version, head.DataVersion, head.DataAsOf, head.CheckedAt, rows)
            : null;
    }

    /// <inheritdoc/>
    public async Task<Committed> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken)
    {
        // Who commits has looked before, but for one who has kept the lease over a new start of this process's database.
        var clock = store.Clock.Last ?? await AskTimeAsync(cancellationToken);
        var checkedAt = clock.ToServer(snapshot.CheckedAt);

        // The common case, nothing changed, sends no rows.
        if (await MoveCheckedAtAsync(lease, snapshot, checkedAt, cancellationToken)) return new(CommitOutcome.Stored);

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
                clock.ToServer(snapshot.DataAsOf), checkedAt, SnapshotCodec.Encode(snapshot.Rows),
                PostgresStore.SnapshotChannel, SnapshotNotice.Write(snapshot, checkedAt, MaxNotification), month, snapshot.Version.Issuer,
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
    public async Task NoteAsync(Mart mart, IReadOnlyCollection<MonthToken> seen, CancellationToken cancellationToken)
    {
        var clock = store.Clock.Last ?? await AskTimeAsync(cancellationToken);
        // In one order, so that of two who note the same months neither has what the other waits for.
        await store.ExecuteAsync(
            $"""
            INSERT INTO month_checks AS known (month, data_version, checked_at)
            SELECT * FROM unnest($1, $2, $3) AS seen (month, data_version, checked_at) ORDER BY month
            ON CONFLICT (month, data_version) DO UPDATE SET checked_at = excluded.checked_at
            WHERE known.checked_at < excluded.checked_at OR known.checked_at > {PostgresClock.Sql}
            """,
            [
                seen.Select(token => $"{QueryKey.Beginning(mart)}{token.Month}").ToArray(), seen.Select(token => token.DataVersion).ToArray(),
                seen.Select(token => clock.ToServer(token.AsOf)).ToArray(),
            ],
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task UseAsync(QueryKey key, CancellationToken cancellationToken) =>
        store.ExecuteAsync($"UPDATE snapshots SET used_at = {PostgresClock.Sql} WHERE key = $1", [key.ToString()], cancellationToken);

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

    /// <summary>The stored head in this process's time, and a column beside it; a sample of the server's clock on the way.</summary>
    private async Task<(SnapshotHead? Head, T? Column)> ReadAsync<T>(
        QueryKey key, string column, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var asked = store.Clock.Now();
        var found = await store.QueryAsync(
            $"""
            SELECT {column}, version, issuer, stored.data_version, data_as_of, stored.checked_at, {PostgresClock.Sql}, known.checked_at
            FROM (VALUES (1)) AS always
                LEFT JOIN snapshots AS stored ON key = $1 AND content IS NOT NULL
                LEFT JOIN month_checks AS known ON month = $2 AND known.data_version = stored.data_version
            """,
            row => (
                Server: row.GetFieldValue<DateTimeOffset>(6),
                SeenAt: row.IsDBNull(7) ? (DateTimeOffset?)null : row.GetFieldValue<DateTimeOffset>(7),
                Stored: row.IsDBNull(1) ? null : new SnapshotHead(
                    new(row.GetInt64(1), row.GetInt64(2)), row.GetString(3), row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<DateTimeOffset>(5)),
                Column: row.IsDBNull(1) ? default : read(row)),
            [key.ToString(), key.MonthText], cancellationToken);
        var (server, seenAt, stored, value) = found.Single();
        var clock = store.Clock.Take(asked, server);
        return stored?.DatedBy(server, seenAt) is { } head
            ? (head with { DataAsOf = clock.FromServer(head.DataAsOf), CheckedAt = clock.FromServer(head.CheckedAt) }, value)
            : default;
    }

    private async Task<PostgresClock.Sample> AskTimeAsync(CancellationToken cancellationToken)
    {
        var asked = store.Clock.Now();
        var server = await store.QueryAsync($"SELECT {PostgresClock.Sql}", row => row.GetFieldValue<DateTimeOffset>(0), [], cancellationToken);
        return store.Clock.Take(asked, server.Single());
    }

    private async Task<bool> MoveCheckedAtAsync(Lease lease, Snapshot snapshot, DateTimeOffset checkedAt, CancellationToken cancellationToken) =>
        await store.ExecuteAsync(
            $"""
            WITH held AS ({Held})
            UPDATE snapshots SET checked_at = $4, fence = $3 FROM held
            WHERE key = $5 AND version = $6 AND issuer = $7 AND content IS NOT NULL
            """,
            [
                lease.Name, lease.Holder, lease.Fence, checkedAt,
                snapshot.Key.ToString(), snapshot.Version.Time, snapshot.Version.Issuer,
            ],
            cancellationToken) == 1;
}
