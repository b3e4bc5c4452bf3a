using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>The batches in <c>store.db</c>.</summary>
/// <param name="store">The store.</param>
/// <param name="time">Tells when a batch came.</param>
public sealed class SqliteBatchStore(SqliteStore store, TimeProvider time) : IBatchStore
{
    private const string Columns =
        "id, status, source, started_at, completed_at, accepted, rejected, inserted, replaced, unchanged, duplicates";

    /// <inheritdoc/>
    public Task BeginAsync(string batchId, string source, CancellationToken cancellationToken) => store.ExecuteAsync(
        "INSERT INTO batches (id, status, source, started_at, accepted, rejected) VALUES ($id, 'receiving', $source, $now, 0, 0)",
        [("$id", batchId), ("$source", source), ("$now", Now)],
        cancellationToken);

    /// <inheritdoc/>
    public Task AddRejectsAsync(string batchId, IReadOnlyList<RejectedLine> lines, CancellationToken cancellationToken) => store.WriteAsync(
        "INSERT INTO rejected_transactions (batch, line, field, reason) VALUES ($batch, $line, $field, $reason)",
        async insert =>
        {
            insert.Parameters.AddWithValue("$batch", batchId);
            var line = insert.Parameters.Add("$line", SqliteType.Integer);
            var field = insert.Parameters.Add("$field", SqliteType.Text);
            var reason = insert.Parameters.Add("$reason", SqliteType.Text);
            foreach (var rejected in lines)
            {
                (line.Value, field.Value, reason.Value) = (rejected.Line, rejected.Field, rejected.Reason);
                await insert.ExecuteNonQueryAsync(cancellationToken);
            }
            return lines.Count;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task CompleteAsync(string batchId, long accepted, long rejected, CancellationToken cancellationToken)
    {
        var completed = await store.ExecuteAsync(
            """
            UPDATE batches SET status = $status, completed_at = $now, accepted = $accepted, rejected = $rejected
            WHERE id = $id AND status = 'receiving'
            """,
            [
                ("$id", batchId), ("$now", Now), ("$accepted", accepted), ("$rejected", rejected),
                ("$status", Name(accepted > 0 ? BatchStatus.Received : BatchStatus.Empty)),
            ],
            cancellationToken);
        if (completed == 0) throw new StoreException($"Batch {batchId} was given up while it came in. Send the file again.", MartFailure.Transient);
    }

    /// <inheritdoc/>
    public Task AbandonAsync(string batchId, CancellationToken cancellationToken) => store.ExecuteAsync(
        """
        DELETE FROM rejected_transactions WHERE batch IN (SELECT id FROM batches WHERE id = $id AND status = 'receiving');
        UPDATE batches SET status = 'abandoned' WHERE id = $id AND status = 'receiving';
        """,
        [("$id", batchId)],
        cancellationToken);

    /// <inheritdoc/>
    public Task MarkLoadedAsync(string batchId, LoadCounts counts, CancellationToken cancellationToken) => store.ExecuteAsync(
        """
        UPDATE batches
        SET status = 'loaded', inserted = $inserted, replaced = $replaced, unchanged = $unchanged, duplicates = $duplicates
        WHERE id = $id AND status = 'received'
        """,
        [
            ("$id", batchId), ("$inserted", counts.Inserted), ("$replaced", counts.Replaced),
            ("$unchanged", counts.Unchanged), ("$duplicates", counts.Duplicates),
        ],
        cancellationToken);

    /// <inheritdoc/>
    public Task MarkFailedAsync(string batchId, CancellationToken cancellationToken) => store.ExecuteAsync(
        "UPDATE batches SET status = 'failed' WHERE id = $id AND status = 'received'", [("$id", batchId)], cancellationToken);

    /// <inheritdoc/>
    public async Task<Batch?> FindAsync(string batchId, CancellationToken cancellationToken) =>
        (await QueryAsync("WHERE id = $value", batchId, cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public Task<IReadOnlyList<Batch>> ListAsync(BatchStatus status, CancellationToken cancellationToken) =>
        QueryAsync("WHERE status = $value ORDER BY completed_at, id", Name(status), cancellationToken);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static string Name(BatchStatus status) => status.ToString().ToLowerInvariant();

    private Task<IReadOnlyList<Batch>> QueryAsync(string where, string value, CancellationToken cancellationToken) =>
        store.QueryAsync($"SELECT {Columns} FROM batches {where}", Read, [("$value", value)], cancellationToken);

    private static Batch Read(SqliteDataReader row) => new(
        row.GetString(0),
        Enum.Parse<BatchStatus>(row.GetString(1), ignoreCase: true),
        row.GetString(2),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)),
        row.ReadTime(4),
        row.GetInt64(5),
        row.GetInt64(6),
        row.IsDBNull(7) ? null : new LoadCounts(row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), row.GetInt64(10)));
}
