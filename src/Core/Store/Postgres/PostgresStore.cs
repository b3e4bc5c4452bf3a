using Npgsql;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>The shared store in a PostgreSQL database: what its users, leases, snapshots and runs have in common.</summary>
/// <param name="database">Where.</param>
public sealed class PostgresStore(PostgresDatabase database) : IDisposable
{
    /// <summary>The channel that is notified of each snapshot that was committed with new rows, see <c>PostgresListener</c>.</summary>
    public const string SnapshotChannel = "snapshot_changed";

    // Everything here is short. A store that is slower than this is treated as away, and the cache goes on without it.
    private const int TimeoutSeconds = 5;

    private readonly PostgresSchema _schema = new(database, "store", PostgresStoreSchema.Migrations);

    /// <summary>The server's clock.</summary>
    internal PostgresClock Clock => database.Clock;

    /// <summary>Creates or upgrades the tables.</summary>
    /// <exception cref="PostgresFailure">It could not.</exception>
    public Task PrepareAsync(CancellationToken cancellationToken) => _schema.EnsureAsync(cancellationToken);

    /// <summary>Which database this is.</summary>
    public Task<StoreIdentity> IdentifyAsync(CancellationToken cancellationToken) => database.IdentifyAsync(cancellationToken);

    /// <summary>One statement.</summary>
    /// <returns>The rows that were changed.</returns>
    /// <exception cref="PostgresFailure">It failed.</exception>
    public Task<int> ExecuteAsync(string sql, object?[] values, CancellationToken cancellationToken) =>
        RunAsync(work => work.ExecuteAsync(sql, values), cancellationToken);

    /// <summary>Every row of a query.</summary>
    /// <exception cref="PostgresFailure">It failed.</exception>
    public Task<List<T>> QueryAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, object?[] values, CancellationToken cancellationToken) =>
        RunAsync(work => work.QueryAsync(sql, read, values), cancellationToken);

    internal async Task<T> RunAsync<T>(Func<PostgresWork, Task<T>> run, CancellationToken cancellationToken)
    {
        await _schema.EnsureAsync(cancellationToken);
        return await database.RunAsync(
            (connection, stop) => run(new PostgresWork(connection, TimeoutSeconds, stop)), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _schema.Dispose();
}
