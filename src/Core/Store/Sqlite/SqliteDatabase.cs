using Microsoft.Data.Sqlite;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>
/// One SQLite file: opens connections set up alike (write-ahead log, 10 s busy time-out) and brings the schema up to date once.
/// </summary>
public sealed class SqliteDatabase : IDisposable
{
    private const string Kind = "sqlite";

    private readonly string _connectionString;
    private readonly IReadOnlyList<string> _migrations;
    private readonly SemaphoreSlim _migrating = new(1, 1);
    private volatile bool _migrated;

    /// <summary>The file at <paramref name="path"/>, made when missing. Migration n takes the schema from version n to n + 1.</summary>
    /// <param name="path">The file.</param>
    /// <param name="migrations">What makes its schema.</param>
    /// <param name="busySeconds">How long to wait for another's write before giving up.</param>
    public SqliteDatabase(string path, IReadOnlyList<string> migrations, int busySeconds = 10)
    {
        Path = path;
        _migrations = migrations;
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            DefaultTimeout = busySeconds,
            ForeignKeys = true,
        }.ToString();
    }

    /// <summary>The file's path.</summary>
    public string Path { get; }

    /// <summary>An open connection to the file with its schema up to date.</summary>
    /// <exception cref="SqliteException">The file cannot be opened or written.</exception>
    public async Task<SqliteConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (!_migrated) await MigrateAsync(cancellationToken).ConfigureAwait(false);
        return await ConnectAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A connection that is closed with its last use: for one with attached files, temporary tables or a cache of its own.</summary>
    /// <exception cref="SqliteException">The file cannot be opened or written.</exception>
    public async Task<SqliteConnection> OpenUnpooledAsync(CancellationToken cancellationToken)
    {
        if (!_migrated) await MigrateAsync(cancellationToken).ConfigureAwait(false);
        return await ConnectAsync(cancellationToken, ";Pooling=False").ConfigureAwait(false);
    }

    /// <summary>
    /// Which file this is: an id that was drawn when it was made, since a path means another file in another container, and the path,
    /// since a copy has the id of what it was copied from.
    /// </summary>
    public async Task<StoreIdentity> IdentifyAsync(CancellationToken cancellationToken)
    {
        var path = System.IO.Path.GetFullPath(Path);
        try
        {
            await using var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
            path = RealPath(path);
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT id FROM file_identity";
            return new(Kind, path, $"{await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false)} in {path}");
        }
        catch (SqliteException)
        {
            return new(Kind, path, null);
        }
    }

    // Links are followed in every part of it.
    private static string RealPath(string path)
    {
        if (System.IO.Path.GetDirectoryName(path) is not { } parent) return path;
        var real = System.IO.Path.Combine(RealPath(parent), System.IO.Path.GetFileName(path));
        return new FileInfo(real).ResolveLinkTarget(returnFinalTarget: true) is { } target ? RealPath(target.FullName) : real;
    }

    private async Task<SqliteConnection> ConnectAsync(CancellationToken cancellationToken, string more = "")
    {
        var connection = new SqliteConnection(_connectionString + more);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            using var setUp = connection.CreateCommand();
            // NORMAL under WAL loses nothing when the process dies; only a power cut may undo the last commits, never break the file.
            setUp.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;";
            await setUp.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await _migrating.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_migrated) return;
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
            await using var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            // Immediate: of two processes that start together one migrates and the other then finds nothing to do.
            using var transaction = connection.BeginTransaction(deferred: false);
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "PRAGMA user_version";
            var version = Convert.ToInt32(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false), null);
            for (; version < _migrations.Count; version++)
            {
                command.CommandText = $"{_migrations[version]}; PRAGMA user_version = {version + 1}";
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
            command.CommandText =
                """
                CREATE TABLE IF NOT EXISTS file_identity (id TEXT NOT NULL);
                INSERT INTO file_identity SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM file_identity);
                """;
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            _migrated = true;
        }
        finally
        {
            _migrating.Release();
        }
    }

    /// <summary>Closes the pooled connections to this file.</summary>
    public void Dispose()
    {
        using (var connection = new SqliteConnection(_connectionString)) SqliteConnection.ClearPool(connection);
        _migrating.Dispose();
    }
}
