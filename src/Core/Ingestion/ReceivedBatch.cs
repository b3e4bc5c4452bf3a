namespace TransactionPipeline.Core.Ingestion;

/// <summary>What became of a file's lines.</summary>
/// <param name="BatchId">The batch.</param>
/// <param name="Accepted">Good lines, now waiting to be loaded. With 0 there is nothing to load: status <see cref="BatchStatus.Empty"/>.</param>
/// <param name="Rejected">Other lines, by reason code of <see cref="RejectReasons"/>.</param>
public sealed record ReceivedBatch(string BatchId, long Accepted, IReadOnlyDictionary<string, long> Rejected)
{
    /// <summary>All rejected lines.</summary>
    public long RejectedCount => Rejected.Values.Sum();
}
