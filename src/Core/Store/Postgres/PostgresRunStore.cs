using Npgsql;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>The run history in PostgreSQL, shared by every replica.</summary>
public sealed class PostgresRunStore(PostgresStore store) : IRunStore
{
    private const string Columns =
        """
        id, dag, trigger, fire_time, status, owner, attempt, step, started_at, finished_at, next_attempt_at, error,
        batches, inserted, replaced, unchanged, duplicates, months, note
        """;

    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(PipelineRun run, CancellationToken cancellationToken) => await store.ExecuteAsync(
        $"""
        INSERT INTO runs ({Columns})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        ON CONFLICT (fire_time) DO NOTHING
        """,
        [
            run.Id, run.Dag, run.Trigger, Utc(run.FireTime), Name(run.Status), run.Owner, run.Attempt, run.Step, Utc(run.StartedAt),
            Utc(run.FinishedAt), Utc(run.NextAttemptAt), run.Error, run.Batches, run.Loaded.Inserted, run.Loaded.Replaced,
            run.Loaded.Unchanged, run.Loaded.Duplicates, run.Months, run.Note,
        ],
        cancellationToken) == 1;

    /// <inheritdoc/>
    public Task UpdateAsync(PipelineRun run, CancellationToken cancellationToken) => store.ExecuteAsync(
        """
        UPDATE runs
        SET status = $2, attempt = $3, step = $4, finished_at = $5, next_attempt_at = $6, error = $7, batches = $8,
            inserted = $9, replaced = $10, unchanged = $11, duplicates = $12, months = $13, note = $14
        WHERE id = $1
        """,
        [
            run.Id, Name(run.Status), run.Attempt, run.Step, Utc(run.FinishedAt), Utc(run.NextAttemptAt), run.Error, run.Batches,
            run.Loaded.Inserted, run.Loaded.Replaced, run.Loaded.Unchanged, run.Loaded.Duplicates, run.Months, run.Note,
        ],
        cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListOwnersAsync(CancellationToken cancellationToken) => await store.QueryAsync(
        "SELECT DISTINCT owner FROM runs WHERE status IN ('running', 'retrying')", row => row.GetString(0), [], cancellationToken);

    /// <inheritdoc/>
    public Task<int> FailOrphansAsync(string owner, CancellationToken cancellationToken) => store.ExecuteAsync(
        """
        UPDATE runs
        SET status = 'failed', finished_at = clock_timestamp(), next_attempt_at = NULL,
            error = 'The process it ran in ended before it did. The next run completes what it left.'
        WHERE owner = $1 AND status IN ('running', 'retrying')
        """,
        [owner], cancellationToken);

    /// <inheritdoc/>
    public async Task<PipelineRun?> FindAsync(string id, CancellationToken cancellationToken) =>
        // An id comes from an address, and PostgreSQL's text has no NUL.
        id.Contains('\0') ? null : (await QueryAsync("WHERE id = $1", [id], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public Task<IReadOnlyList<PipelineRun>> ListAsync(string? before, int limit, CancellationToken cancellationToken) => before is null
        ? QueryAsync("ORDER BY id DESC LIMIT $1", [limit], cancellationToken)
        : QueryAsync("WHERE id < $2 ORDER BY id DESC LIMIT $1", [limit, before.Replace("\0", "", StringComparison.Ordinal)], cancellationToken);

    private async Task<IReadOnlyList<PipelineRun>> QueryAsync(string rest, object?[] values, CancellationToken cancellationToken) =>
        await store.QueryAsync($"SELECT {Columns} FROM runs {rest}", Read, values, cancellationToken);

    private static string Name(RunStatus status) => status.ToString().ToLowerInvariant();

    private static DateTimeOffset? Utc(DateTimeOffset? moment) => moment?.ToUniversalTime();

    private static DateTimeOffset? ReadTime(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    private static PipelineRun Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetString(0),
        Dag = row.GetString(1),
        Trigger = row.GetString(2),
        FireTime = ReadTime(row, 3),
        Status = Enum.Parse<RunStatus>(row.GetString(4), ignoreCase: true),
        Owner = row.GetString(5),
        Attempt = row.GetInt32(6),
        Step = row.GetString(7),
        StartedAt = row.GetFieldValue<DateTimeOffset>(8),
        FinishedAt = ReadTime(row, 9),
        NextAttemptAt = ReadTime(row, 10),
        Error = row.IsDBNull(11) ? null : row.GetString(11),
        Batches = row.GetInt32(12),
        Loaded = new LoadCounts(row.GetInt64(13), row.GetInt64(14), row.GetInt64(15), row.GetInt64(16)),
        Months = row.GetInt32(17),
        Note = row.IsDBNull(18) ? null : row.GetString(18),
    };
}
