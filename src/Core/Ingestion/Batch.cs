using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>One file that came in.</summary>
/// <param name="Id">Letters and digits; later batches sort after earlier ones.</param>
/// <param name="Status">How far it is.</param>
/// <param name="Source">Where it came from, for people: a file's name.</param>
/// <param name="StartedAt">When its first byte was read.</param>
/// <param name="CompletedAt">When it was complete; batches are loaded in this order. Null before.</param>
/// <param name="Accepted">Its good lines.</param>
/// <param name="Rejected">Its other lines.</param>
/// <param name="Loaded">What it changed; null until it is loaded.</param>
public sealed record Batch(
    string Id, BatchStatus Status, string Source, DateTimeOffset StartedAt, DateTimeOffset? CompletedAt,
    long Accepted, long Rejected, LoadCounts? Loaded);

/// <summary>How far a batch is.</summary>
public enum BatchStatus
{
    /// <summary>Its lines are being staged; nothing of it is visible.</summary>
    Receiving,

    /// <summary>Complete and durable; the next run loads it.</summary>
    Received,

    /// <summary>In every store.</summary>
    Loaded,

    /// <summary>Complete, without a single good line.</summary>
    Empty,

    /// <summary>Broken off; nothing of it is kept but this record.</summary>
    Abandoned,

    /// <summary>Set aside by a run, which says why: what was staged of it is lost or damaged, and its file must be sent again.</summary>
    Failed,
}
