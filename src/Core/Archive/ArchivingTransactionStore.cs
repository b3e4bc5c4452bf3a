using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Archive;

/// <summary>
/// Archives every accepted batch in Cloud Storage before <paramref name="inner"/> loads it, for marts that do not load from there
/// themselves (PostgreSQL, SQLite).
/// </summary>
/// <param name="inner">The store whose batches are archived.</param>
/// <param name="archive">Where.</param>
public sealed class ArchivingTransactionStore(ITransactionStore inner, TransactionArchive archive) : ITransactionStore
{
    /// <inheritdoc/>
    public string Store => inner.Store;

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken) => inner.PrepareAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IBatchWriter> StageAsync(string batchId, CancellationToken cancellationToken) =>
        JointBatchWriter.OpenAsync(
            [() => archive.OpenAsync(batchId, cancellationToken), () => inner.StageAsync(batchId, cancellationToken)]);

    /// <inheritdoc/>
    public async Task<LoadCounts> LoadAsync(string batchId, CancellationToken cancellationToken)
    {
        var counts = await inner.LoadAsync(batchId, cancellationToken);
        // After the load: a crash in between repeats both, which changes nothing.
        await archive.MarkLoadedAsync(batchId, cancellationToken);
        return counts;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Month>> TransformAsync(MartFilter filter, CancellationToken cancellationToken) =>
        inner.TransformAsync(filter, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<MartRow> ReadSummaryAsync(CancellationToken cancellationToken) => inner.ReadSummaryAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task DiscardAsync(string batchId, CancellationToken cancellationToken)
    {
        await inner.DiscardAsync(batchId, cancellationToken);
        await archive.DiscardAsync(batchId, cancellationToken);
    }
}
