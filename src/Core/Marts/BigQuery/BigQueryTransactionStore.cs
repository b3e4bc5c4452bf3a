using System.Globalization;
using System.Runtime.CompilerServices;
using TransactionPipeline.Core.Archive;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>
/// The warehouse mart's writing side. A batch is staged as an object in Cloud Storage (which is also the archive), loaded from there by a
/// load job, merged into the raw table by key, and transformed; each step is one job that happens whole or not at all.
/// </summary>
public sealed class BigQueryTransactionStore : ITransactionStore
{
    private static readonly TimeSpan StagingLifetime = TimeSpan.FromDays(2);

    private readonly BigQueryClient _client;
    private readonly BigQueryOptions _options;
    private readonly TransactionArchive _archive;
    private readonly TimeProvider _time;

    internal BigQueryTransactionStore(BigQueryClient client, BigQueryOptions options, TransactionArchive archive, TimeProvider time)
    {
        _client = client;
        _options = options;
        _archive = archive;
        _time = time;
    }

    /// <inheritdoc/>
    public string Store => BigQueryMartSource.StoreName;

    private BigQueryTables Tables => _client.Tables;

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken) => BigQueryErrors.ToMartExceptionsAsync(async () =>
    {
        await _client.CreateDatasetAsync(Tables.WarehouseDataset, cancellationToken);
        await _client.CreateDatasetAsync(Tables.MartDataset, cancellationToken);
        foreach (var (name, resource) in BigQuerySchema.Tables(Tables)) await _client.CreateTableAsync(name, resource, cancellationToken);
        return true;
    });

    /// <inheritdoc/>
    public Task<IBatchWriter> StageAsync(string batchId, CancellationToken cancellationToken) => _archive.OpenAsync(batchId, cancellationToken);

    /// <inheritdoc/>
    public async Task<LoadCounts> LoadAsync(string batchId, CancellationToken cancellationToken)
    {
        if (await ReadCountsAsync(batchId, cancellationToken) is { } before)
        {
            // The process may have died between the merge and these two.
            await FinishAsync(batchId, cancellationToken);
            return before;
        }
        var file = await _archive.FindAsync(batchId, cancellationToken)
            ?? throw new StagingLostException($"Batch {batchId} is not staged. Upload its file again.");
        await BigQueryErrors.ToMartExceptionsAsync(async () =>
        {
            // Ids name the file's generation: a batch that was staged anew is another load.
            await LoadFileAsync(batchId, file, cancellationToken);
            await _client.RunJobAsync(
                $"pipeline-merge-{batchId}-{file.Generation}",
                "merge",
                new JobConfiguration
                {
                    Query = Script(BigQuerySql.Load(Tables, batchId), BigQueryParameter.Text("batch", batchId)),
                },
                async () => await ReadCountsAsync(batchId, cancellationToken) is not null,
                cancellationToken);
            return true;
        });
        var counts = await ReadCountsAsync(batchId, cancellationToken)
            ?? throw new MartException($"Batch {batchId} was merged, but its counts are not there. Run the load again.", MartFailure.Transient);
        await FinishAsync(batchId, cancellationToken);
        return counts;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Month>> TransformAsync(MartFilter filter, CancellationToken cancellationToken) =>
        BigQueryErrors.ToMartExceptionsAsync<IReadOnlyList<Month>>(async () =>
        {
            var months = await FindDirtyMonthsAsync(filter, cancellationToken);
            if (months.Count == 0) return [];
            await _client.RunJobAsync(
                $"pipeline-transform-{Guid.NewGuid():N}",
                "transform",
                new JobConfiguration
                {
                    Query = Script(
                        BigQuerySql.Transform(Tables),
                        BigQueryParameter.Text("prefix", filter.ProductPrefix),
                        BigQueryParameter.Whole("max_quantity", filter.MaxQuantity),
                        BigQueryParameter.Days("months", months.Select(month => month.FirstDay)),
                        BigQueryParameter.Day("first", months[0].FirstDay),
                        BigQueryParameter.Day("last", months[^1].LastDay),
                        BigQueryParameter.Whole("now", _time.GetUtcNow().ToUnixTimeMilliseconds())),
                },
                () => Task.FromResult(true),
                cancellationToken);
            return months;
        });

    /// <inheritdoc/>
    public async IAsyncEnumerable<MartRow> ReadSummaryAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rows = await QueryAsync(BigQuerySql.ReadSummary(Tables), [], "export", cancellationToken);
        foreach (var row in rows) yield return SummaryRow.Read(row);
    }

    /// <inheritdoc/>
    public async Task DiscardAsync(string batchId, CancellationToken cancellationToken)
    {
        await BigQueryErrors.ToMartExceptionsAsync(async () =>
        {
            await _client.DeleteTableAsync(Tables.Staging(batchId), cancellationToken);
            return true;
        });
        await _archive.DiscardAsync(batchId, cancellationToken);
    }

    private async Task LoadFileAsync(string batchId, ArchivedBatch file, CancellationToken cancellationToken)
    {
        var staging = Tables.Staging(batchId);
        await _client.CreateTableAsync(
            staging,
            // What a run that is never finished leaves goes by itself.
            new TableResource { Schema = BigQuerySchema.Staged, ExpirationTime = (_time.GetUtcNow() + StagingLifetime).ToUnixTimeMilliseconds() },
            cancellationToken);
        await _client.RunJobAsync(
            $"pipeline-load-{batchId}-{file.Generation}",
            "load",
            new JobConfiguration
            {
                Load = new LoadConfiguration
                {
                    SourceUris = [file.Uri],
                    DestinationTable = _client.Reference(staging),
                    Schema = BigQuerySchema.Staged,
                },
            },
            // A staging table that expired and was made anew is empty.
            async () => (await _client.FindTableAsync(staging, cancellationToken))?.NumRows > 0,
            cancellationToken);
    }

    private async Task FinishAsync(string batchId, CancellationToken cancellationToken)
    {
        await BigQueryErrors.ToMartExceptionsAsync(async () =>
        {
            await _client.DeleteTableAsync(Tables.Staging(batchId), cancellationToken);
            return true;
        });
        await _archive.MarkLoadedAsync(batchId, cancellationToken);
    }

    private async Task<LoadCounts?> ReadCountsAsync(string batchId, CancellationToken cancellationToken)
    {
        var rows = await QueryAsync(
            BigQuerySql.ReadCounts(Tables), [BigQueryParameter.Text("batch", batchId)], "load-counts", cancellationToken);
        return rows is [{ F: [var inserted, var replaced, var unchanged, var duplicates] }]
            ? new LoadCounts(Whole(inserted), Whole(replaced), Whole(unchanged), Whole(duplicates))
            : null;
    }

    // Small tables are listed, which is free, rather than queried.
    private async Task<List<Month>> FindDirtyMonthsAsync(MartFilter filter, CancellationToken cancellationToken)
    {
        var applied = await _client.ListRowsAsync(Tables.AppliedFilter, cancellationToken);
        var isSame = applied is [{ F: [var prefix, var maxQuantity] }]
            && prefix.V == filter.ProductPrefix && Whole(maxQuantity) == filter.MaxQuantity;
        // Another prefix or limit makes another mart of the same rows.
        var rows = isSame
            ? await _client.ListRowsAsync(Tables.DirtyMonths, cancellationToken)
            : await QueryAsync(BigQuerySql.AllMonths(Tables), [], "all-months", cancellationToken);
        return [.. rows.Select(row => Month.Of(SummaryRow.Day(row.F[0].V!))).Distinct().Order()];
    }

    private async Task<List<TableRow>> QueryAsync(
        string sql, IReadOnlyList<QueryParameter> parameters, string purpose, CancellationToken cancellationToken)
    {
        var rows = new List<TableRow>();
        await BigQueryErrors.ToMartExceptionsAsync(async () =>
        {
            await _client.QueryAsync(sql, parameters, purpose, rows.Add, _options.PipelineMaximumBytesBilled, new QueryCost(), cancellationToken);
            return true;
        });
        return rows;
    }

    private QueryRequest Script(string sql, params IReadOnlyList<QueryParameter> parameters) => new()
    {
        Query = sql,
        QueryParameters = parameters,
        MaximumBytesBilled = _options.PipelineMaximumBytesBilled > 0 ? _options.PipelineMaximumBytesBilled : null,
    };

    private static long Whole(Cell cell) => long.Parse(cell.V!, CultureInfo.InvariantCulture);
}
