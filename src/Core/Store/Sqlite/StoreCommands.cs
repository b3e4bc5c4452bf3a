using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>Short statements on the store's file, with failures in words that a person can act on.</summary>
internal static class StoreCommands
{
    /// <summary>Runs statements in one transaction.</summary>
    /// <returns>The rows that were changed.</returns>
    /// <exception cref="MartException">The store could not be written.</exception>
    public static Task<int> ExecuteAsync(
        this SqliteDatabase store, string sql, IReadOnlyList<(string Name, object? Value)> parameters, CancellationToken cancellationToken) =>
        store.WriteAsync(
            sql,
            command =>
            {
                foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
                return command.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    /// <summary>Lets <paramref name="execute"/> run the statement as often as it likes in one transaction.</summary>
    /// <exception cref="MartException">The store could not be written.</exception>
    public static async Task<int> WriteAsync(
        this SqliteDatabase store, string sql, Func<SqliteCommand, Task<int>> execute, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await store.OpenAsync(cancellationToken);
            await using var transaction = connection.BeginTransaction(deferred: false);
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = sql;
            var changed = await execute(command);
            await transaction.CommitAsync(cancellationToken);
            return changed;
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.ToMartException(error);
        }
    }

    /// <summary>Every row of a query.</summary>
    /// <exception cref="MartException">The store could not be read.</exception>
    public static async Task<IReadOnlyList<T>> QueryAsync<T>(
        this SqliteDatabase store, string sql, Func<SqliteDataReader, T> read,
        IReadOnlyList<(string Name, object? Value)> parameters, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await store.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken)) rows.Add(read(reader));
            return rows;
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.ToMartException(error);
        }
    }

    /// <summary>A time in Unix milliseconds, or null.</summary>
    public static DateTimeOffset? ReadTime(this SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
