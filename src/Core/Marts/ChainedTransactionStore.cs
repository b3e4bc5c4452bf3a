namespace TransactionPipeline.Core.Marts;

/// <summary>
/// The stores of both marts as one, in order: what is behind the warehouse (whose staging is the archive), then the operational one. Each
/// step of each store may be repeated, so a run that failed anywhere is run again and ends with all of them equal.
/// </summary>
/// <param name="stores">In the order in which they load; the first one's counts and summaries are the answer.</param>
public sealed class ChainedTransactionStore(IReadOnlyList<ITransactionStore> stores) : ITransactionStore
{
    /// <inheritdoc/>
    public string Store => string.Join(", ", stores.Select(store => store.Store));

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var store in stores) await store.PrepareAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IBatchWriter> StageAsync(string batchId, CancellationToken cancellationToken) =>
        JointBatchWriter.OpenAsync([.. stores.Select(Func<Task<IBatchWriter>> (store) => () => store.StageAsync(batchId, cancellationToken))]);

    /// <inheritdoc/>
    public async Task<LoadCounts> LoadAsync(string batchId, CancellationToken cancellationToken)
    {
        LoadCounts? counts = null;
        foreach (var store in stores)
        {
            var changed = await store.LoadAsync(batchId, cancellationToken);
            counts ??= changed;
        }
        return counts!.Value;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Month>> TransformAsync(MartFilter filter, CancellationToken cancellationToken)
    {
        // Each store knows its own changed months: after a failure the first may have none left and the second all.
        var months = new SortedSet<Month>();
        foreach (var store in stores) months.UnionWith(await store.TransformAsync(filter, cancellationToken));
        return [.. months];
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<MartRow> ReadSummaryAsync(CancellationToken cancellationToken) => stores[0].ReadSummaryAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task DiscardAsync(string batchId, CancellationToken cancellationToken)
    {
        foreach (var store in stores) await store.DiscardAsync(batchId, cancellationToken);
    }
}
