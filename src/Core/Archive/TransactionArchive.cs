using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Archive;

/// <summary>
/// The archive of accepted uploads: one object a batch, <c>raw/transactions/BATCH.ndjson.gz</c>, ids hashed. It is the first of the places
/// that a batch goes to, and what the warehouse loads from. An object is kept once its batch is loaded; one that never was is discarded.
/// </summary>
/// <param name="storage">The bucket.</param>
/// <param name="options">Names and sizes.</param>
/// <param name="time">Tells when a batch was loaded.</param>
public sealed class TransactionArchive(CloudStorageClient storage, DataLakeOptions options, TimeProvider time)
{
    private const string LoadedEntry = "loaded";
    private const string ContentType = "application/gzip";

    /// <summary>Opens the object of a batch for writing. It comes to be when the writer completes.</summary>
    /// <exception cref="MartException">The bucket could not be reached or written.</exception>
    public async Task<IBatchWriter> OpenAsync(string batchId, CancellationToken cancellationToken) => await ArchiveErrors.ToMartExceptionsAsync(
        async () => new ArchiveBatchWriter(await storage.BeginUploadAsync(NameOf(batchId), ContentType, options.ChunkBytes, cancellationToken)));

    /// <summary>What is archived of a batch; null when nothing is.</summary>
    /// <exception cref="MartException">The bucket could not be reached or read.</exception>
    public async Task<ArchivedBatch?> FindAsync(string batchId, CancellationToken cancellationToken) => await ArchiveErrors.ToMartExceptionsAsync(
        async () =>
        {
            var name = NameOf(batchId);
            return await storage.FindAsync(name, cancellationToken) is { } found
                ? new ArchivedBatch($"gs://{storage.Bucket}/{name}", found.Generation, found.Metadata?.ContainsKey(LoadedEntry) == true)
                : null;
        });

    /// <summary>Notes that the batch was loaded: from now on it is the archive's and no longer staged.</summary>
    /// <exception cref="MartException">The bucket could not be reached or written.</exception>
    public async Task MarkLoadedAsync(string batchId, CancellationToken cancellationToken) => await ArchiveErrors.ToMartExceptionsAsync(
        async () =>
        {
            await storage.MarkAsync(
                NameOf(batchId), new Dictionary<string, string>(StringComparer.Ordinal) { [LoadedEntry] = $"{time.GetUtcNow():O}" }, cancellationToken);
            return true;
        });

    /// <summary>Removes the object of a batch that was not loaded; keeps that of one that was.</summary>
    /// <exception cref="MartException">The bucket could not be reached or written.</exception>
    public async Task DiscardAsync(string batchId, CancellationToken cancellationToken)
    {
        if (await FindAsync(batchId, cancellationToken) is not { IsLoaded: false }) return;
        await ArchiveErrors.ToMartExceptionsAsync(
            async () =>
            {
                await storage.DeleteAsync(NameOf(batchId), cancellationToken);
                return true;
            });
    }

    private string NameOf(string batchId)
    {
        if (batchId.Length == 0 || !batchId.All(char.IsAsciiLetterOrDigit))
            throw new ArgumentException("A batch id has only letters and digits.", nameof(batchId));
        return $"{options.Path.Trim('/')}/{batchId}.ndjson.gz";
    }
}

/// <summary>A batch in the archive.</summary>
/// <param name="Uri">For load jobs: <c>gs://bucket/name</c>.</param>
/// <param name="Generation">Differs each time the batch is staged.</param>
/// <param name="IsLoaded">It was loaded into a store.</param>
public sealed record ArchivedBatch(string Uri, long Generation, bool IsLoaded);
