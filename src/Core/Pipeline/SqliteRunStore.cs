using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Core.Pipeline;

/// <summary>The run history in <c>store.db</c>.</summary>
/// <param name="store">The store.</param>
/// <param name="time">Tells when an orphan was found.</param>
public sealed class SqliteRunStore(SqliteStore store, TimeProvider time) : IRunStore
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
        VALUES ($id, $dag, $trigger, $fire_time, $status, $owner, $attempt, $step, $started_at, $finished_at, $next_attempt_at, $error,
                $batches, $inserted, $replaced, $unchanged, $duplicates, $months, $note)
        ON CONFLICT (fire_time) DO NOTHING
        """,
        Parameters(run),
        cancellationToken) == 1;

    /// <inheritdoc/>
    public Task UpdateAsync(PipelineRun run, CancellationToken cancellationToken) => store.ExecuteAsync(
        """
        UPDATE runs
        SET status = $status, attempt = $attempt, step = $step, finished_at = $finished_at, next_attempt_at = $next_attempt_at,
            error = $error, batches = $batches, inserted = $inserted, replaced = $replaced, unchanged = $unchanged,
            duplicates = $duplicates, months = $months, note = $note
        WHERE id = $id
        """,
        Parameters(run),
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListOwnersAsync(CancellationToken cancellationToken) => store.QueryAsync(
        "SELECT DISTINCT owner FROM runs WHERE status IN ('running', 'retrying')", row => row.GetString(0), [], cancellationToken);

    /// <inheritdoc/>
    public Task<int> FailOrphansAsync(string owner, CancellationToken cancellationToken) => store.ExecuteAsync(
        """
        UPDATE runs
        SET status = 'failed', finished_at = $now, next_attempt_at = NULL,
            error = 'The process it ran in ended before it did. The next run completes what it left.'
        WHERE owner = $owner AND status IN ('running', 'retrying')
        """,
        [("$now", Milliseconds(time.GetUtcNow())), ("$owner", owner)],
        cancellationToken);

    /// <inheritdoc/>
    public async Task<PipelineRun?> FindAsync(string id, CancellationToken cancellationToken) => (await store.QueryAsync(
        $"SELECT {Columns} FROM runs WHERE id = $id", Read, [("$id", id)], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public Task<IReadOnlyList<PipelineRun>> ListAsync(string? before, int limit, CancellationToken cancellationToken) => store.QueryAsync(
        $"SELECT {Columns} FROM runs WHERE $before IS NULL OR id < $before ORDER BY id DESC LIMIT $limit",
        Read,
        [("$before", before), ("$limit", limit)],
        cancellationToken);

    private static long? Milliseconds(DateTimeOffset? moment) => moment?.ToUnixTimeMilliseconds();

    private static (string, object?)[] Parameters(PipelineRun run) =>
    [
        ("$id", run.Id), ("$dag", run.Dag), ("$trigger", run.Trigger), ("$fire_time", Milliseconds(run.FireTime)),
        ("$status", run.Status.ToString().ToLowerInvariant()), ("$owner", run.Owner), ("$attempt", run.Attempt), ("$step", run.Step),
        ("$started_at", Milliseconds(run.StartedAt)), ("$finished_at", Milliseconds(run.FinishedAt)),
        ("$next_attempt_at", Milliseconds(run.NextAttemptAt)), ("$error", run.Error), ("$batches", run.Batches),
        ("$inserted", run.Loaded.Inserted), ("$replaced", run.Loaded.Replaced), ("$unchanged", run.Loaded.Unchanged),
        ("$duplicates", run.Loaded.Duplicates), ("$months", run.Months), ("$note", run.Note),
    ];

    private static PipelineRun Read(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Dag = row.GetString(1),
        Trigger = row.GetString(2),
        FireTime = row.ReadTime(3),
        Status = Enum.Parse<RunStatus>(row.GetString(4), ignoreCase: true),
        Owner = row.GetString(5),
        Attempt = row.GetInt32(6),
        Step = row.GetString(7),
        StartedAt = row.ReadTime(8)!.Value,
        FinishedAt = row.ReadTime(9),
        NextAttemptAt = row.ReadTime(10),
        Error = row.IsDBNull(11) ? null : row.GetString(11),
        Batches = row.GetInt32(12),
        Loaded = new LoadCounts(row.GetInt64(13), row.GetInt64(14), row.GetInt64(15), row.GetInt64(16)),
        Months = row.GetInt32(17),
        Note = row.IsDBNull(18) ? null : row.GetString(18),
    };
}
