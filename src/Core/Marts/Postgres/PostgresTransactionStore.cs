using System.Runtime.CompilerServices;
using Npgsql;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Core.Marts.Postgres;

/// <summary>The writing side of the marts in PostgreSQL: transactions, pg_sales and summary_sales, for one part or both.</summary>
/// <param name="database">Where.</param>
/// <param name="schema">The marts' tables, see <see cref="PostgresMart"/>.</param>
public sealed class PostgresTransactionStore(PostgresDatabase database, PostgresSchema schema) : ITransactionStore, IDisposable
{
    // A name in PostgreSQL has at most 63 bytes, of which staged_ takes some; a longer one would be cut off, and two batches be one.
    private const int MaxBatchIdLength = 50;

    // More months than fit into a notification (8,000 bytes) are said as "many".
    private const int MaxNotifiedMonths = 900;

    private readonly SemaphoreSlim _stagings = new(database.MaxStagings);
    private readonly SemaphoreSlim _writes = new(PostgresDatabase.MaxWrites);

    /// <inheritdoc/>
    public string Store => PostgresMart.StoreName;

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken) => PostgresErrors.TranslateForMartAsync(async () =>
    {
        await schema.EnsureAsync(cancellationToken);
        return true;
    });

    /// <inheritdoc/>
    public async Task<IBatchWriter> StageAsync(string batchId, CancellationToken cancellationToken)
    {
        CheckId(batchId);
        await PrepareAsync(cancellationToken);
        await _stagings.WaitAsync(cancellationToken);
        try
        {
            return await PostgresErrors.TranslateForMartAsync(
                () => PostgresBatchWriter.OpenAsync(database, batchId, _stagings, cancellationToken));
        }
        catch
        {
            _stagings.Release();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<LoadCounts> LoadAsync(string batchId, CancellationToken cancellationToken)
    {
        CheckId(batchId);
        return await InTransactionAsync(
            async work =>
            {
                // In the same database as the rows: a batch whose load was committed just before the process died is not loaded
                // again, which would undo a correction that came after it.
                var before = await work.QueryAsync(
                    "SELECT inserted, replaced, unchanged, duplicates FROM loaded_batches WHERE id = $1", ReadCounts, batchId);
                if (before.Count > 0) return before[0];
                var staged = await work.QueryAsync(
                    "SELECT to_regclass($1) IS NOT NULL", row => row.GetBoolean(0), PostgresMartSql.StagedTable(batchId));
                if (!staged[0]) throw new StagingLostException($"Batch {batchId} is not staged. Upload its file again.");
                await work.ExecuteAsync(PostgresMartSql.Compare(batchId));
                await work.ExecuteAsync(PostgresMartSql.MarkDirty);
                await work.ExecuteAsync(PostgresMartSql.Upsert);
                return (await work.QueryAsync(PostgresMartSql.CountLoaded(batchId), ReadCounts, batchId))[0];
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Month>> TransformAsync(MartFilter filter, CancellationToken cancellationToken) => InTransactionAsync(
        async work =>
        {
            if (await work.ExecuteAsync(PostgresMartSql.ApplyFilter, filter.ProductPrefix, filter.MaxQuantity) > 0)
                await work.ExecuteAsync(PostgresMartSql.MarkAllDirty);
            var months = await work.QueryAsync(
                "SELECT month FROM dirty_months ORDER BY month", row => Month.Of(row.GetFieldValue<DateOnly>(0)));
            foreach (var month in months)
            {
                await work.ExecuteAsync(PostgresMartSql.DeleteSales, month.FirstDay, month.LastDay);
                await work.ExecuteAsync(
                    PostgresMartSql.InsertSales, month.FirstDay, month.LastDay, filter.ProductPrefix, filter.MaxQuantity);
                await work.ExecuteAsync(PostgresMartSql.DeleteSummaries, month.FirstDay);
                await work.ExecuteAsync(PostgresMartSql.InsertSummaries, month.FirstDay, month.LastDay);
            }
            if (months.Count > 0)
            {
                await work.ExecuteAsync(PostgresMartSql.BumpVersions);
                await work.ExecuteAsync(PostgresMartSql.ClearDirty);
                var changed = months.Count <= MaxNotifiedMonths ? string.Join(',', months) : "";
                await work.ExecuteAsync("SELECT pg_notify($1, $2)", PostgresMart.Channel, changed);
            }
            return (IReadOnlyList<Month>)months;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<MartRow> ReadSummaryAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        using var turn = await TakeTurnAsync(cancellationToken);
        await using var connection = await PostgresErrors.TranslateForMartAsync(() => database.OpenAsync(cancellationToken).AsTask());
        await using var command = new NpgsqlCommand(
            """
            SELECT transaction_id, product, sale_month, total_amount, avg_price, transaction_count, total_quantity
            FROM summary_sales ORDER BY sale_month, product
            """, connection);
        await using var reader = await PostgresErrors.TranslateForMartAsync(() => command.ExecuteReaderAsync(cancellationToken));
        while (await PostgresErrors.TranslateForMartAsync(() => reader.ReadAsync(cancellationToken)))
            yield return PostgresMartSource.ReadRow(reader);
    }

    /// <inheritdoc/>
    public async Task DiscardAsync(string batchId, CancellationToken cancellationToken)
    {
        CheckId(batchId);
        await PostgresErrors.TranslateForMartAsync(() => database.RunAsync(
            async (connection, stop) =>
            {
                await using var drop = new NpgsqlCommand(PostgresMartSql.DropStaged(batchId), connection);
                return await drop.ExecuteNonQueryAsync(stop);
            },
            cancellationToken,
            _writes));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stagings.Dispose();
        _writes.Dispose();
    }

    private Task<T> InTransactionAsync<T>(Func<PostgresWork, Task<T>> write, CancellationToken cancellationToken) =>
        PostgresErrors.TranslateForMartAsync(async () =>
        {
            await schema.EnsureAsync(cancellationToken);
            return await database.RunAsync(
                async (connection, stop) =>
                {
                    await using var transaction = await connection.BeginTransactionAsync(stop);
                    var work = new PostgresWork(connection, database.LongCommandTimeoutSeconds, stop);
                    await work.ExecuteAsync(PostgresMartSql.LockWriters);
                    await work.ExecuteAsync(PostgresMartSql.MoreMemory);
                    var result = await write(work);
                    await transaction.CommitAsync(stop);
                    return result;
                },
                cancellationToken,
                _writes);
        });

    private async Task<Turn> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _writes.WaitAsync(cancellationToken);
        return new Turn(_writes);
    }

    private static LoadCounts ReadCounts(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3));

    // The id becomes part of a table's name.
    private static void CheckId(string batchId)
    {
        if (batchId.Length is 0 or > MaxBatchIdLength || !batchId.All(char.IsAsciiLetterOrDigit))
            throw new ArgumentException($"A batch id has 1 to {MaxBatchIdLength} letters and digits.", nameof(batchId));
    }

    /// <summary>One of the connections for writing is taken, until disposed.</summary>
    private readonly struct Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }
}
