using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Configuration;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>
/// The shared store as a SQLite file, <c>store.db</c> in the state directory: what its users, leases, snapshots and runs have in common.
/// Whatever fails is a <see cref="StoreException"/>.
/// </summary>
public sealed class SqliteStore : IDisposable
{
    private readonly SqliteDatabase _file;

    internal SqliteStore(SqliteDatabase file) => _file = file;

    /// <summary>The store of this state directory; the file is made at first use.</summary>
    public static SqliteStore In(StateOptions state)
    {
        // Password hashes are in it: no other user of the machine reads them.
        state.Create();
        return new SqliteStore(new SqliteDatabase(state.PathOf("store.db"), StoreSchema.Migrations));
    }

    /// <summary>Which file this is.</summary>
    public Task<StoreIdentity> IdentifyAsync(CancellationToken cancellationToken) => _file.IdentifyAsync(cancellationToken);

    /// <summary>Closes the pooled connections to the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Runs statements in one transaction.</summary>
    /// <returns>The rows that were changed.</returns>
    /// <exception cref="StoreException">The store could not be written.</exception>
    internal Task<int> ExecuteAsync(
        string sql, IReadOnlyList<(string Name, object? Value)> parameters, CancellationToken cancellationToken) => WriteAsync(
        sql,
        command =>
        {
            command.Add(parameters);
            return command.ExecuteNonQueryAsync(cancellationToken);
        },
        cancellationToken);

    /// <summary>Lets <paramref name="execute"/> run the statement as often as it likes in one transaction.</summary>
    /// <exception cref="StoreException">The store could not be written.</exception>
    internal Task<int> WriteAsync(string sql, Func<SqliteCommand, Task<int>> execute, CancellationToken cancellationToken) => RunAsync(
        async connection =>
        {
            // Immediate: a lock that another process holds is waited for here, not met in the middle of the work.
            await using var transaction = connection.BeginTransaction(deferred: false);
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = sql;
            var changed = await execute(command);
            await transaction.CommitAsync(cancellationToken);
            return changed;
        },
        cancellationToken);

    /// <summary>Every row of a query.</summary>
    /// <exception cref="StoreException">The store could not be read.</exception>
    internal Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, Func<SqliteDataReader, T> read, IReadOnlyList<(string Name, object? Value)> parameters, CancellationToken cancellationToken) =>
        RunAsync<IReadOnlyList<T>>(
            async connection =>
            {
                await using var command = connection.CreateCommand();
                command.CommandText = sql;
                command.Add(parameters);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                var rows = new List<T>();
                while (await reader.ReadAsync(cancellationToken)) rows.Add(read(reader));
                return rows;
            },
            cancellationToken);

    /// <summary>Hands out a connection for <paramref name="work"/>.</summary>
    /// <exception cref="StoreException">The store could not be opened, read or written.</exception>
    internal async Task<T> RunAsync<T>(Func<SqliteConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _file.OpenAsync(cancellationToken);
            return await work(connection);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.ToStoreException(error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw SqliteErrors.ToStoreException(error);
        }
    }
}
