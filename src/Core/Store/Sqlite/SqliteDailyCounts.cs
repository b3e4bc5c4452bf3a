namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>The counts in <c>store.db</c>, for the processes of one machine. Each addition is one statement under SQLite's write lock.</summary>
public sealed class SqliteDailyCounts(SqliteDatabase store) : IDailyCounts
{
    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(string name, DateOnly day, long amount, long limit, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            INSERT INTO daily_counts (name, day, count) SELECT $name, $day, max(0, $amount) WHERE $amount <= $limit
            ON CONFLICT (name, day) DO UPDATE SET count = max(0, count + $amount) WHERE $amount < 0 OR count + $amount <= $limit
            """;
        command.Parameters.AddWithValue("$name", name);
        command.Parameters.AddWithValue("$day", $"{day:yyyy-MM-dd}");
        command.Parameters.AddWithValue("$amount", amount);
        command.Parameters.AddWithValue("$limit", limit);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
