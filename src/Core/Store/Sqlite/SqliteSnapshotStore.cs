using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>Snapshots in <c>store.db</c>, shared by the processes of one machine.</summary>
public sealed class SqliteSnapshotStore(SqliteStore store, TimeProvider time) : ISnapshotStore
{
    private const string SelectHead = "SELECT version, issuer, stored.data_version, data_as_of, stored.checked_at, known.checked_at";

    private const string FromStored = """
        FROM snapshots AS stored LEFT JOIN month_checks AS known ON month = @month AND known.data_version = stored.data_version WHERE key = @key
        """;

    /// <inheritdoc/>
    public Task<SnapshotHead?> FindAsync(QueryKey key, CancellationToken cancellationToken) => store.RunAsync(
        async connection => await FindAsync(connection, transaction: null, key, cancellationToken) is { HasContent: true } stored
            ? stored.Head.DatedBy(time.GetUtcNow(), stored.SeenAt)
            : null,
        cancellationToken);

    /// <inheritdoc/>
    public async Task<Snapshot?> LoadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        var stored = await store.QueryAsync(
            $"{SelectHead}, content {FromStored} AND content IS NOT NULL",
            row => (Head: Head(row), SeenAt: SeenAt(row), Content: row.GetFieldValue<byte[]>(6)), [("@key", key.ToString()), ("@month", key.MonthText)], cancellationToken);
        if (stored.Count == 0 || stored[0].Head.DatedBy(time.GetUtcNow(), stored[0].SeenAt) is not { } head || SnapshotCodec.TryDecode(stored[0].Content) is not { } rows) return null;
        return new Snapshot(key, head.Version, head.DataVersion, head.DataAsOf, head.CheckedAt, rows);
    }

    /// <inheritdoc/>
    public Task NoteAsync(Mart mart, IReadOnlyCollection<MonthToken> seen, CancellationToken cancellationToken) => store.WriteAsync(
        """
        INSERT INTO month_checks (month, data_version, checked_at) VALUES (@month, @data_version, @checked_at)
        ON CONFLICT (month, data_version) DO UPDATE SET checked_at = excluded.checked_at WHERE checked_at < excluded.checked_at OR checked_at > @now
        """,
        async command =>
        {
            var noted = 0;
            foreach (var token in seen)
            {
                command.Parameters.Clear();
                command.Add(
                [
                    ("@month", $"{QueryKey.Beginning(mart)}{token.Month}"), ("@data_version", token.DataVersion), ("@checked_at", UnixMicroseconds(token.AsOf)),
                    ("@now", UnixMicroseconds(time.GetUtcNow())),
                ]);
                noted += await command.ExecuteNonQueryAsync(cancellationToken);
            }
            return noted;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task UseAsync(QueryKey key, CancellationToken cancellationToken) => store.ExecuteAsync(
        "UPDATE snapshots SET used_at = @now WHERE key = @key", [("@key", key.ToString()), ("@now", UnixMicroseconds(time.GetUtcNow()))], cancellationToken);

    /// <inheritdoc/>
    public Task<Committed> CommitAsync(Lease lease, Snapshot snapshot, CancellationToken cancellationToken) =>
        store.RunAsync(connection => CommitAsync(connection, lease, snapshot, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> RemoveAsync(QueryKey key, CancellationToken cancellationToken) => await store.ExecuteAsync(
        "UPDATE snapshots SET content = NULL WHERE key = @key AND content IS NOT NULL", [("@key", key.ToString())], cancellationToken) > 0;

    /// <inheritdoc/>
    public async Task<Month?> FindNewestMonthAsync(Mart mart, CancellationToken cancellationToken)
    {
        var months = await store.QueryAsync(
            "SELECT max(substr(key, length(@mart) + 1, 7)) FROM snapshots WHERE key GLOB @mart || '*' AND length(content) > @empty",
            row => row.IsDBNull(0) ? (Month?)null : Month.Parse(row.GetString(0)),
            [("@mart", QueryKey.Beginning(mart)), ("@empty", SnapshotCodec.MaxEmptyBytes)], cancellationToken);
        return months.Single();
    }

    private static async Task<Committed> CommitAsync(
        SqliteConnection connection, Lease lease, Snapshot snapshot, CancellationToken cancellationToken)
    {
        // Immediate: the lease is looked at and the snapshot written with nobody in between.
        await using var transaction = connection.BeginTransaction(deferred: false);
        if (!await HoldsAsync(connection, transaction, lease, cancellationToken)) return new(CommitOutcome.LeaseLost);

        var stored = await FindAsync(connection, transaction, snapshot.Key, cancellationToken);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        if (stored is { HasContent: true, Head: var head } && head.Version == snapshot.Version)
        {
            command.CommandText = "UPDATE snapshots SET checked_at = @checked_at, fence = @fence WHERE key = @key";
        }
        else
        {
            if (await FindNewestAsync(connection, transaction, snapshot.Key, cancellationToken) is var newest && newest >= snapshot.Version)
                return new(CommitOutcome.Outrun, newest);
            command.CommandText = """
                INSERT INTO month_versions (month, version, issuer) VALUES (@month, @version, @issuer)
                ON CONFLICT (month) DO UPDATE SET version = excluded.version, issuer = excluded.issuer;
                INSERT INTO snapshots (key, version, issuer, fence, data_version, data_as_of, checked_at, content)
                VALUES (@key, @version, @issuer, @fence, @data_version, @data_as_of, @checked_at, @content)
                ON CONFLICT (key) DO UPDATE SET version = excluded.version, issuer = excluded.issuer, fence = excluded.fence,
                    data_version = excluded.data_version, data_as_of = excluded.data_as_of, checked_at = excluded.checked_at,
                    content = excluded.content
                """;
            command.Parameters.AddWithValue("@month", snapshot.Key.MonthText);
            command.Parameters.AddWithValue("@version", snapshot.Version.Time);
            command.Parameters.AddWithValue("@issuer", snapshot.Version.Issuer);
            command.Parameters.AddWithValue("@data_version", snapshot.DataVersion);
            command.Parameters.AddWithValue("@data_as_of", UnixMicroseconds(snapshot.DataAsOf));
            command.Parameters.AddWithValue("@content", SnapshotCodec.Encode(snapshot.Rows));
        }
        command.Parameters.AddWithValue("@key", snapshot.Key.ToString());
        command.Parameters.AddWithValue("@fence", lease.Fence);
        command.Parameters.AddWithValue("@checked_at", UnixMicroseconds(snapshot.CheckedAt));
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new(CommitOutcome.Stored);
    }

    private static async Task<SnapshotVersion> FindNewestAsync(
        SqliteConnection connection, SqliteTransaction transaction, QueryKey key, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT version, issuer FROM month_versions WHERE month = @month";
        command.Parameters.AddWithValue("@month", key.MonthText);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new(reader.GetInt64(0), reader.GetInt64(1)) : SnapshotVersion.None;
    }

    private static async Task<bool> HoldsAsync(
        SqliteConnection connection, SqliteTransaction transaction, Lease lease, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT 1 FROM leases WHERE name = @name AND fence = @fence AND holder = @holder";
        command.Parameters.AddWithValue("@name", lease.Name);
        command.Parameters.AddWithValue("@fence", lease.Fence);
        command.Parameters.AddWithValue("@holder", lease.Holder);
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static async Task<Stored?> FindAsync(
        SqliteConnection connection, SqliteTransaction? transaction, QueryKey key, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"{SelectHead}, content IS NOT NULL {FromStored}";
        command.Parameters.AddWithValue("@key", key.ToString());
        command.Parameters.AddWithValue("@month", key.MonthText);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new Stored(Head(reader), SeenAt(reader), reader.GetBoolean(6)) : null;
    }

    private static SnapshotHead Head(SqliteDataReader reader) => new(
        new(reader.GetInt64(0), reader.GetInt64(1)), reader.GetString(2),
        Time(reader.GetInt64(3)), Time(reader.GetInt64(4)));

    private static DateTimeOffset? SeenAt(SqliteDataReader reader) => reader.IsDBNull(5) ? null : Time(reader.GetInt64(5));

    private static long UnixMicroseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset Time(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    private sealed record Stored(SnapshotHead Head, DateTimeOffset? SeenAt, bool HasContent);
}
