using Npgsql;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// One numbered list of migrations, brought up to date once for each process. Processes that start together take turns by an advisory
/// lock. Migrations only ever add: a replica of the version before goes on working beside one of the version after, so a schema that
/// is newer than the program's is taken as it is.
/// </summary>
/// <param name="database">Where.</param>
/// <param name="name">The list's name in <c>schema_versions</c>.</param>
/// <param name="migrations">Migration n takes the schema from version n to n + 1.</param>
public sealed class PostgresSchema(PostgresDatabase database, string name, IReadOnlyList<string> migrations) : IDisposable
{
    // Any number that no other program is likely to lock.
    private const long MigrationLock = 0x7472616e73616374;

    private readonly SemaphoreSlim _migrating = new(1, 1);
    private volatile bool _ready;

    /// <summary>Brings the schema up to date, unless this process has done so before.</summary>
    /// <exception cref="PostgresFailure">It could not.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (_ready) return;
        await _migrating.WaitAsync(cancellationToken);
        try
        {
            if (_ready) return;
            await database.RunAsync(
                async (connection, stop) =>
                {
                    // Looked at first without the lock: a user that may only read and write rows can use what another has migrated.
                    if (await ReadVersionAsync(connection, stop) < migrations.Count) await MigrateAsync(connection, stop);
                    return true;
                },
                cancellationToken);
            _ready = true;
        }
        finally
        {
            _migrating.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _migrating.Dispose();

    private async Task MigrateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var locking = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1)", connection))
        {
            locking.Parameters.Add(new() { Value = MigrationLock });
            await locking.ExecuteNonQueryAsync(cancellationToken);
        }
        var version = await ReadVersionAsync(connection, cancellationToken);
        for (; version < migrations.Count; version++)
        {
            await using var command = new NpgsqlCommand(migrations[version], connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        await using (var record = new NpgsqlCommand(
            """
            INSERT INTO schema_versions (name, version) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET version = greatest(schema_versions.version, excluded.version)
            """, connection))
        {
            record.Parameters.Add(new() { Value = name });
            record.Parameters.Add(new() { Value = version });
            await using var create = new NpgsqlCommand(
                "CREATE TABLE IF NOT EXISTS schema_versions (name text PRIMARY KEY, version integer NOT NULL)", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
            await record.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<int> ReadVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Not by to_regclass: it may answer from the session's cache of names, which waiting for an advisory lock does not refresh, and
        // then does not see the table that the one before us has just made.
        await using (var find = new NpgsqlCommand(
            "SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'schema_versions' AND pg_table_is_visible(oid))", connection))
            if (await find.ExecuteScalarAsync(cancellationToken) is not true) return 0;
        await using var read = new NpgsqlCommand("SELECT version FROM schema_versions WHERE name = $1", connection);
        read.Parameters.Add(new() { Value = name });
        return await read.ExecuteScalarAsync(cancellationToken) is int version ? version : 0;
    }
}
