using Npgsql;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>The batches in PostgreSQL, shared by every replica; its clock puts them in order.</summary>
public sealed class PostgresBatchStore(PostgresStore store) : IBatchStore
{
    private const string Columns =
        "id, status, source, started_at, completed_at, accepted, rejected, inserted, replaced, unchanged, duplicates";

    /// <inheritdoc/>
    public Task BeginAsync(string batchId, string source, CancellationToken cancellationToken) => store.ExecuteAsync(
        "INSERT INTO batches (id, status, source, started_at, accepted, rejected) VALUES ($1, 'receiving', $2, clock_timestamp(), 0, 0)",
        [batchId, source.Replace("\0", "", StringComparison.Ordinal)], cancellationToken);

    /// <inheritdoc/>
    public Task AddRejectsAsync(string batchId, IReadOnlyList<RejectedLine> lines, CancellationToken cancellationToken) => store.ExecuteAsync(
        "INSERT INTO rejected_transactions (batch, line, field, reason) SELECT $1, * FROM unnest($2, $3, $4)",
        [
            batchId,
            lines.Select(line => line.Line).ToArray(),
            lines.Select(line => line.Field).ToArray(),
            lines.Select(line => line.Reason).ToArray(),
        ],
        cancellationToken);

    /// <inheritdoc/>
    public async Task CompleteAsync(string batchId, long accepted, long rejected, CancellationToken cancellationToken)
    {
        var completed = await store.ExecuteAsync(
            """
            UPDATE batches SET status = $2, completed_at = clock_timestamp(), accepted = $3, rejected = $4
            WHERE id = $1 AND status = 'receiving'
            """,
            [batchId, Name(accepted > 0 ? BatchStatus.Received : BatchStatus.Empty), accepted, rejected],
            cancellationToken);
        if (completed == 0) throw new StoreException($"Batch {batchId} was given up while it came in. Send the file again.", MartFailure.Transient);
    }

    /// <inheritdoc/>
    public Task AbandonAsync(string batchId, CancellationToken cancellationToken) => store.ExecuteAsync(
        """
        WITH abandoned AS (UPDATE batches SET status = 'abandoned' WHERE id = $1 AND status = 'receiving' RETURNING id)
        DELETE FROM rejected_transactions WHERE batch IN (SELECT id FROM abandoned)
        """,
        [batchId], cancellationToken);

    /// <inheritdoc/>
    public Task MarkLoadedAsync(string batchId, LoadCounts counts, CancellationToken cancellationToken) => store.ExecuteAsync(
        """
        UPDATE batches SET status = 'loaded', inserted = $2, replaced = $3, unchanged = $4, duplicates = $5
        WHERE id = $1 AND status = 'received'
        """,
        [batchId, counts.Inserted, counts.Replaced, counts.Unchanged, counts.Duplicates], cancellationToken);

    /// <inheritdoc/>
    public Task MarkFailedAsync(string batchId, CancellationToken cancellationToken) => store.ExecuteAsync(
        "UPDATE batches SET status = 'failed' WHERE id = $1 AND status = 'received'", [batchId], cancellationToken);

    /// <inheritdoc/>
    public async Task<Batch?> FindAsync(string batchId, CancellationToken cancellationToken) =>
        (await QueryAsync("WHERE id = $1", batchId, cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public Task<IReadOnlyList<Batch>> ListAsync(BatchStatus status, CancellationToken cancellationToken) =>
        QueryAsync("WHERE status = $1 ORDER BY completed_at NULLS FIRST, id", Name(status), cancellationToken);

    private static string Name(BatchStatus status) => status.ToString().ToLowerInvariant();

    private async Task<IReadOnlyList<Batch>> QueryAsync(string where, string value, CancellationToken cancellationToken) =>
        await store.QueryAsync($"SELECT {Columns} FROM batches {where}", Read, [value], cancellationToken);

    private static Batch Read(NpgsqlDataReader row) => new(
        row.GetString(0),
        Enum.Parse<BatchStatus>(row.GetString(1), ignoreCase: true),
        row.GetString(2),
        row.GetFieldValue<DateTimeOffset>(3),
        row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4),
        row.GetInt64(5),
        row.GetInt64(6),
        row.IsDBNull(7) ? null : new LoadCounts(row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), row.GetInt64(10)));
}
