using TransactionPipeline.Core.Ingestion;

namespace TransactionPipeline.Core.Marts;

/// <summary>
/// The writing side of a store: holds loaded transactions and makes the mart of them. Each step may be repeated after a failure at any
/// point and then completes what was begun; none shows a part of its work.
/// </summary>
public interface ITransactionStore
{
    /// <summary>For people: <c>sqlite</c>, <c>postgres</c>, <c>bigquery</c>.</summary>
    string Store { get; }

    /// <summary>Creates or upgrades what the store needs. Safe to call by several processes at once.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Opens the staging of a batch. Staged rows are invisible to marts, and gone unless completed.</summary>
    Task<IBatchWriter> StageAsync(string batchId, CancellationToken cancellationToken);

    /// <summary>Staged rows into the raw table, by key: new ones inserted, changed ones replaced, the same ones left alone.</summary>
    /// <returns>What changed; for a batch that was loaded before, what that changed then.</returns>
    /// <exception cref="StagingLostException">What was staged is missing or damaged: trying again is of no use.</exception>
    Task<LoadCounts> LoadAsync(string batchId, CancellationToken cancellationToken);

    /// <summary>
    /// Brings the mart up to date with the raw table for every month that changed since the last transform: sales, summaries and
    /// <c>mart_versions</c> in one transaction.
    /// </summary>
    /// <returns>The months whose rows changed.</returns>
    Task<IReadOnlyList<Month>> TransformAsync(MartFilter filter, CancellationToken cancellationToken);

    /// <summary>Every row of <c>summary_sales</c>, by month, then product.</summary>
    IAsyncEnumerable<MartRow> ReadSummaryAsync(CancellationToken cancellationToken);

    /// <summary>Removes what is staged of a batch, complete or not.</summary>
    Task DiscardAsync(string batchId, CancellationToken cancellationToken);
}

/// <summary>Takes the rows of one batch. Disposed without <see cref="CompleteAsync"/>, it leaves nothing behind.</summary>
public interface IBatchWriter : IAsyncDisposable
{
    /// <summary>Stages more rows; the memory is the caller's again when the task ends.</summary>
    Task WriteAsync(ReadOnlyMemory<Transaction> rows, CancellationToken cancellationToken);

    /// <summary>Makes the staged rows durable and complete.</summary>
    Task CompleteAsync(CancellationToken cancellationToken);
}

/// <summary>What loading a batch changed. The four add up to the batch's rows.</summary>
/// <param name="Inserted">Ids that the store did not have.</param>
/// <param name="Replaced">Ids whose row differs from the one before.</param>
/// <param name="Unchanged">Ids that were there already, the same.</param>
/// <param name="Duplicates">Rows whose id comes again later in the batch; only the last of them counts.</param>
public readonly record struct LoadCounts(long Inserted, long Replaced, long Unchanged, long Duplicates)
{
    /// <summary>The counts of two batches together.</summary>
    public static LoadCounts operator +(LoadCounts left, LoadCounts right) => new(
        left.Inserted + right.Inserted, left.Replaced + right.Replaced,
        left.Unchanged + right.Unchanged, left.Duplicates + right.Duplicates);
}

/// <summary>The marts' filter; holds whatever <c>trust_input</c> says: product not null and with the prefix, price above 0, quantity at most the limit.</summary>
/// <param name="ProductPrefix">Ordinal, case-sensitive.</param>
/// <param name="MaxQuantity">Pieces in one sale.</param>
public sealed record MartFilter(string ProductPrefix, int MaxQuantity);
