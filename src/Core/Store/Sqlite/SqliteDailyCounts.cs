namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>The counts in <c>store.db</c>, for the processes of one machine. Each addition is one statement under SQLite's write lock.</summary>
public sealed class SqliteDailyCounts(SqliteStore store) : IDailyCounts
{
    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(string name, DateOnly day, long amount, long limit, CancellationToken cancellationToken) =>
        await store.ExecuteAsync(
            """
            INSERT INTO daily_counts (name, day, count) SELECT $name, $day, max(0, $amount) WHERE $amount <= $limit
            ON CONFLICT (name, day) DO UPDATE SET count = max(0, count + $amount) WHERE $amount < 0 OR count + $amount <= $limit
            """,
            [("$name", name), ("$day", $"{day:O}"), ("$amount", amount), ("$limit", limit)],
            cancellationToken) == 1;
}
