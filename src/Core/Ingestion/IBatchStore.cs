using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>The batches and their rejected lines in the shared store.</summary>
public interface IBatchStore
{
    /// <summary>Records a batch whose lines now come in.</summary>
    Task BeginAsync(string batchId, string source, CancellationToken cancellationToken);

    /// <summary>Keeps rejected lines of a batch that is being received.</summary>
    Task AddRejectsAsync(string batchId, IReadOnlyList<RejectedLine> lines, CancellationToken cancellationToken);

    /// <summary>Everything has come: <see cref="BatchStatus.Received"/>, or <see cref="BatchStatus.Empty"/> without a good line.</summary>
    /// <exception cref="Store.StoreException">It is not being received any more: another process gave it up.</exception>
    Task CompleteAsync(string batchId, long accepted, long rejected, CancellationToken cancellationToken);

    /// <summary>Gives a batch up that is still being received, and removes its rejected lines.</summary>
    Task AbandonAsync(string batchId, CancellationToken cancellationToken);

    /// <summary>A received batch is in every store.</summary>
    Task MarkLoadedAsync(string batchId, LoadCounts counts, CancellationToken cancellationToken);

    /// <summary>A received batch can never be loaded.</summary>
    Task MarkFailedAsync(string batchId, CancellationToken cancellationToken);

    /// <summary>The batch, or null.</summary>
    Task<Batch?> FindAsync(string batchId, CancellationToken cancellationToken);

    /// <summary>The batches of a status, in the order in which they were completed, then begun.</summary>
    Task<IReadOnlyList<Batch>> ListAsync(BatchStatus status, CancellationToken cancellationToken);
}
