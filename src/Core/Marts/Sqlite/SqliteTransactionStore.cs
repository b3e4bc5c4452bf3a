using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Core.Marts.Sqlite;

/// <summary>The embedded mart's writing side: raw_transactions, fact_sales and summary_sales in one file, for both marts.</summary>
/// <param name="mart">The mart's file, see <see cref="SqliteMart"/>.</param>
/// <param name="stagingDirectory">Where batches wait, one file each.</param>
/// <param name="time">Tells when a month changed.</param>
public sealed class SqliteTransactionStore(SqliteDatabase mart, string stagingDirectory, TimeProvider time) : ITransactionStore
{
    /// <inheritdoc/>
    public string Store => SqliteMart.StoreName;

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (await mart.OpenAsync(cancellationToken)).DisposeAsync();
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.ToMartException(error);
        }
    }

    /// <inheritdoc/>
    public Task<IBatchWriter> StageAsync(string batchId, CancellationToken cancellationToken)
    {
        var file = new StagedFile(stagingDirectory, batchId);
        return Task.Run<IBatchWriter>(() => SqliteBatchWriter.Open(file), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<LoadCounts> LoadAsync(string batchId, CancellationToken cancellationToken)
    {
        await using var work = await MartTransaction.OpenAsync(mart, cancellationToken);
        return await work.RunAsync(() =>
        {
            // In the same file as the rows: a batch whose load was committed just before the process died is not loaded again, which
            // would undo a correction that came after it.
            if (ReadCounts(work, batchId) is { } before) return before;
            var file = new StagedFile(stagingDirectory, batchId);
            if (!File.Exists(file.Finished)) throw new StagingLostException($"Batch {batchId} is not staged. Upload its file again.");
            try
            {
                work.Attach(file.Finished, "staged");
                work.Begin();
                work.Execute(MartSql.Compare);
                work.Execute(MartSql.MarkDirty);
                work.Execute(MartSql.Upsert);
                work.Execute(MartSql.CountLoaded, ("$batch", batchId));
                work.Execute(MartSql.DropIncoming);
                work.Commit();
            }
            // The mart's file may be the damaged one: then the batch is not to blame.
            catch (SqliteException error) when (SqliteErrors.MayBeDamage(error) && file.IsDamaged())
            {
                throw new StagingLostException($"What is staged of batch {batchId} is damaged. Upload its file again.", error);
            }
            return ReadCounts(work, batchId)!.Value;
        });
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Month>> TransformAsync(MartFilter filter, CancellationToken cancellationToken)
    {
        await using var work = await MartTransaction.OpenAsync(mart, cancellationToken);
        return await work.RunAsync(() =>
        {
            work.Begin();
            MarkAllWhenFilterChanged(work, filter);
            var months = work.Query("SELECT month FROM dirty_months ORDER BY month", row => MartUnits.ToMonth(row.GetInt32(0)));
            if (months.Count > 0)
            {
                work.Execute(MartSql.DeleteSales);
                work.Execute(MartSql.InsertSales, ("$prefix", filter.ProductPrefix), ("$max_quantity", filter.MaxQuantity));
                work.Execute(MartSql.DeleteSummaries);
                work.Execute(MartSql.InsertSummaries);
                work.Execute(MartSql.BumpVersions, ("$now", time.GetUtcNow().ToUnixTimeMilliseconds()));
                work.Execute(MartSql.ClearDirty);
            }
            work.Commit();
            return months;
        });
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<MartRow> ReadSummaryAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await mart.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {SqliteMart.SummaryColumns}, month FROM summary_sales ORDER BY month, product";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return SqliteMart.ReadSummary(reader, MartUnits.ToMonth(reader.GetInt32(SqliteMart.SummaryColumnCount)));
    }

    /// <inheritdoc/>
    public Task DiscardAsync(string batchId, CancellationToken cancellationToken)
    {
        new StagedFile(stagingDirectory, batchId).Delete();
        return Task.CompletedTask;
    }

    private static LoadCounts? ReadCounts(MartTransaction work, string batchId) => work.Query(
        "SELECT inserted, replaced, unchanged, duplicates FROM loaded_batches WHERE id = $batch",
        row => (LoadCounts?)new LoadCounts(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)),
        ("$batch", batchId)).SingleOrDefault();

    // Another prefix or limit makes other marts of the same rows.
    private static void MarkAllWhenFilterChanged(MartTransaction work, MartFilter filter)
    {
        (string, object)[] values = [("$prefix", filter.ProductPrefix), ("$max_quantity", filter.MaxQuantity)];
        var changed = work.Execute(
            """
            INSERT INTO applied_filter VALUES (1, $prefix, $max_quantity)
            ON CONFLICT (id) DO UPDATE SET product_prefix = excluded.product_prefix, max_quantity = excluded.max_quantity
            WHERE product_prefix <> excluded.product_prefix OR max_quantity <> excluded.max_quantity
            """, values);
        if (changed > 0) work.Execute(MartSql.MarkAllDirty);
    }
}
