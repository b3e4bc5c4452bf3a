namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>The counts in PostgreSQL, shared by every replica. Each addition is one statement, and the row's lock puts racing ones in order.</summary>
public sealed class PostgresDailyCounts(PostgresStore store) : IDailyCounts
{
    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(string name, DateOnly day, long amount, long limit, CancellationToken cancellationToken) =>
        await store.ExecuteAsync(
            """
            INSERT INTO daily_counts AS held (name, day, count) SELECT $1, $2, greatest(0, $3) WHERE $3 <= $4
            ON CONFLICT (name, day) DO UPDATE SET count = greatest(0, held.count + $3) WHERE $3 < 0 OR held.count + $3 <= $4
            """,
            [name, day, amount, limit], cancellationToken) == 1;
}
