using Npgsql;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>Short ways to run statements on a connection. Values are always parameters ($1, $2, ...), never text in the SQL.</summary>
/// <param name="connection">Open, perhaps in a transaction.</param>
/// <param name="timeoutSeconds">The time one statement may take; null for the configured one.</param>
/// <param name="cancellationToken">Stops the statement that runs.</param>
internal sealed class PostgresWork(NpgsqlConnection connection, int? timeoutSeconds, CancellationToken cancellationToken)
{
    /// <returns>The rows that were changed.</returns>
    public async Task<int> ExecuteAsync(string sql, params object?[] values)
    {
        await using var command = Command(sql, values);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Gives each row to <paramref name="take"/> as it comes.</summary>
    public async Task ReadAsync(string sql, Action<NpgsqlDataReader> take, params object?[] values)
    {
        await using var command = Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) take(reader);
    }

    public async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object?[] values)
    {
        var rows = new List<T>();
        await ReadAsync(sql, row => rows.Add(read(row)), values);
        return rows;
    }

    private NpgsqlCommand Command(string sql, object?[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        if (timeoutSeconds is { } seconds) command.CommandTimeout = seconds;
        foreach (var value in values) command.Parameters.Add(new() { Value = value ?? DBNull.Value });
        return command;
    }
}
