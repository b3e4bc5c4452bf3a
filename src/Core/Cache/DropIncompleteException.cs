namespace TransactionPipeline.Core.Cache;

/// <summary>
/// A dropped key is gone from the shared store and from this process, but another process that may still have it in memory did not
/// answer. Dropping it again is safe.
/// </summary>
public sealed class DropIncompleteException(QueryKey key) : Exception(
    $"{key} is dropped from the store and here, but not every silo that may hold it answered; drop it again when all are ready.");
