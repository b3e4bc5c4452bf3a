using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;

namespace TransactionPipeline.Web.Uploads;

/// <summary>What became of an upload.</summary>
/// <param name="Status"><c>success</c>; <c>error</c> when the file has no good line.</param>
/// <param name="BatchId">The batch in the store.</param>
/// <param name="Processed">Good lines.</param>
/// <param name="Rejected">Other lines.</param>
/// <param name="RejectedByReason">Those by reason code.</param>
/// <param name="Duplicates">Good lines whose id comes again later in the file; null until the batch is loaded.</param>
/// <param name="Inserted">New transactions; null until the batch is loaded.</param>
/// <param name="Replaced">Corrected transactions; null until the batch is loaded.</param>
/// <param name="Unchanged">Transactions that were there, the same; null until the batch is loaded.</param>
/// <param name="Run">The run that loads it; null when there is nothing to load.</param>
internal sealed record UploadAnswer(
    string Status, string BatchId, long Processed, long Rejected, IReadOnlyDictionary<string, long> RejectedByReason,
    long? Duplicates, long? Inserted, long? Replaced, long? Unchanged, UploadRun? Run)
{
    public static UploadAnswer Of(Core.Ingestion.ReceivedBatch received, LoadCounts? loaded, PipelineRun? run) => new(
        received.Accepted > 0 ? "success" : "error", received.BatchId, received.Accepted, received.RejectedCount, received.Rejected,
        loaded?.Duplicates, loaded?.Inserted, loaded?.Replaced, loaded?.Unchanged,
        run is null ? null : new UploadRun(run.Id, run.Status.ToString().ToLowerInvariant()));
}

/// <summary>The run of an upload, after its first attempt.</summary>
/// <param name="Id">Follow it at <c>/pipeline/runs/{id}</c>.</param>
/// <param name="Status"><c>succeeded</c>, <c>retrying</c> or <c>failed</c>.</param>
internal sealed record UploadRun(string Id, string Status);
