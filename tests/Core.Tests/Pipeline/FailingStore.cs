using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Pipeline;

/// <summary>A store whose transform does what the test says before it does its work.</summary>
internal sealed class FailingStore(ITransactionStore store, Func<CancellationToken, Task> beforeTransform) : ITransactionStore
{
    public string Store => store.Store;

    public Task PrepareAsync(CancellationToken cancellationToken) => store.PrepareAsync(cancellationToken);

    public Task<IBatchWriter> StageAsync(string batchId, CancellationToken cancellationToken) => store.StageAsync(batchId, cancellationToken);

    public Task<LoadCounts> LoadAsync(string batchId, CancellationToken cancellationToken) => store.LoadAsync(batchId, cancellationToken);

    public async Task<IReadOnlyList<Month>> TransformAsync(MartFilter filter, CancellationToken cancellationToken)
    {
        await beforeTransform(cancellationToken);
        return await store.TransformAsync(filter, cancellationToken);
    }

    public IAsyncEnumerable<MartRow> ReadSummaryAsync(CancellationToken cancellationToken) => store.ReadSummaryAsync(cancellationToken);

    public Task DiscardAsync(string batchId, CancellationToken cancellationToken) => store.DiscardAsync(batchId, cancellationToken);
}
