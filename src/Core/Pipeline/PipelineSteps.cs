using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Pipeline;

/// <summary>
/// What a run does: load every received batch into every store, make the marts, export the summaries. Each step may be repeated
/// after a failure at any point; a batch counts as loaded once every store has it. One that is lost is set aside, so that the rest loads.
/// </summary>
public sealed partial class PipelineSteps(
    IEnumerable<ITransactionStore> stores,
    TransactionReceiver receiver,
    IBatchStore batches,
    SummaryExporter exporter,
    IOptions<IngestionOptions> ingestion,
    ILogger<PipelineSteps> logger)
{
    private readonly IReadOnlyList<ITransactionStore> _stores = [.. stores];
    private readonly MartFilter _filter = new(ingestion.Value.Validation.ProductPrefix, ingestion.Value.Validation.MaxQuantity);

    /// <summary>Does all three steps, and tells and records how far it is.</summary>
    internal async Task RunAsync(PipelineRun run, Func<PipelineRun, Task> record, CancellationToken cancellationToken)
    {
        Task SaveAsync(PipelineRun changed) => record(run = changed);

        await SaveAsync(run with { Step = "load" });
        await receiver.DiscardDeadBatchesAsync(cancellationToken);
        foreach (var store in _stores) await store.PrepareAsync(cancellationToken);
        foreach (var batch in await batches.ListAsync(BatchStatus.Received, cancellationToken))
        {
            try
            {
                var counts = await LoadAsync(batch.Id, cancellationToken);
                await SaveAsync(run with { Batches = run.Batches + 1, Loaded = run.Loaded + counts });
            }
            catch (StagingLostException lost)
            {
                await SetAsideAsync(batch, lost, cancellationToken);
                await SaveAsync(run with { Note = $"{run.Note} {batch.Source} was not loaded: {lost.Message}".TrimStart() });
            }
        }

        await SaveAsync(run with { Step = "transform" });
        var months = new HashSet<Month>();
        foreach (var store in _stores) months.UnionWith(await store.TransformAsync(_filter, cancellationToken));

        await SaveAsync(run with { Step = "export", Months = run.Months + months.Count });
        await exporter.ExportAsync(_stores[0], cancellationToken);
    }

    /// <summary>A failure in words for people: no path, no SQL.</summary>
    internal static string Explain(Exception error, string step) => error switch
    {
        MartException or StoreException => error.Message,
        OperationCanceledException => "Another process took the run's place, because this one could not renew its lease in time.",
        IOException or UnauthorizedAccessException when step == "export" => "The export directory cannot be written. Check its rights and the space left.",
        IOException or UnauthorizedAccessException => "The state directory cannot be written. Check its rights and the space left.",
        _ => "An unexpected error. The server's log has the details.",
    };

    private async Task<LoadCounts> LoadAsync(string batchId, CancellationToken cancellationToken)
    {
        var counts = default(LoadCounts);
        foreach (var store in _stores) counts = await store.LoadAsync(batchId, cancellationToken);
        // What is staged goes first: a store remembers a loaded batch without it, and nothing would remove it after the mark.
        foreach (var store in _stores) await store.DiscardAsync(batchId, cancellationToken);
        await batches.MarkLoadedAsync(batchId, counts, cancellationToken);
        return counts;
    }

    // Or no run would ever get past it.
    private async Task SetAsideAsync(Batch batch, StagingLostException lost, CancellationToken cancellationToken)
    {
        LogSetAside(logger, lost, batch.Id, batch.Source);
        foreach (var store in _stores) await store.DiscardAsync(batch.Id, cancellationToken);
        await batches.MarkFailedAsync(batch.Id, cancellationToken);
    }

    [LoggerMessage(LogLevel.Error, "Batch {Batch} ({Source}) was set aside: it cannot be loaded; its file must be sent again")]
    private static partial void LogSetAside(ILogger logger, Exception error, string batch, string source);
}
