using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>
/// The one way in for transactions, from an upload and from the command line: reads a file in a stream, checks the lines, hashes the
/// ids and stages the good ones in every store. All or nothing: whatever breaks it off, nothing of the batch is left to be seen.
/// </summary>
public sealed partial class TransactionReceiver(
    IEnumerable<ITransactionStore> stores,
    IBatchStore batches,
    ILeaseStore leases,
    ILeaseHolders holders,
    TransactionIdHasher hasher,
    IOptions<IngestionOptions> options,
    TimeProvider time,
    ILogger<TransactionReceiver> logger)
{
    private readonly IReadOnlyList<ITransactionStore> _stores = [.. stores];
    private readonly TransactionValidator _validator = new(options.Value.Validation, options.Value.TrustInput);
    private readonly int _batchSize = options.Value.BatchSize;
    private readonly TimeSpan _leaseTime = TimeSpan.FromSeconds(options.Value.LeaseSeconds);

    /// <summary>The lease that says a batch's receiver is alive.</summary>
    internal static string LeaseName(string batchId) => $"batch/{batchId}";

    /// <summary>Takes a whole file. With no good line the batch ends as <see cref="BatchStatus.Empty"/> and there is nothing to load.</summary>
    /// <param name="content">The file; read once, from where it stands, without buffering it.</param>
    /// <param name="source">Where it comes from, for people.</param>
    /// <param name="progress">Told the number of lines after every batch of rows; null for nobody.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    /// <exception cref="TransactionFileException">Empty, a wrong header, or a line beyond all measure.</exception>
    /// <exception cref="MartException">A mart's store could not be written.</exception>
    /// <exception cref="StoreException">The shared store could not.</exception>
    public async Task<ReceivedBatch> ReceiveAsync(
        Stream content, string source, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        await using var lease = await HeldLease.TryTakeAsync(leases, LeaseName(id), holders.Own, _leaseTime, time, cancellationToken)
            ?? throw new UnreachableException("A new batch's lease cannot be held by another.");
        await batches.BeginAsync(id, source, cancellationToken);
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
            var received = await StageAsync(id, content, progress, stop);
            await batches.CompleteAsync(id, received.Accepted, received.RejectedCount, cancellationToken);
            LogReceived(logger, id, received.Accepted, received.RejectedCount, time.GetElapsedTime(started).TotalSeconds);
            return received;
        }
        catch (Exception error)
        {
            await AbandonAsync(id, error);
            if (error is OperationCanceledException && lease.Lost.IsCancellationRequested)
                throw new StoreException(
                    "The store could not be reached for too long, so the file was given up. Send it again.", MartFailure.Transient, error);
            throw;
        }
    }

    private async Task<ReceivedBatch> StageAsync(string id, Stream content, IProgress<long>? progress, CancellationTokenSource stop)
    {
        var writers = new List<IBatchWriter>();
        try
        {
            foreach (var store in _stores) writers.Add(await store.StageAsync(id, stop.Token));

            // Parsing and hashing on one thread, writing on another; a few blocks between them keep both busy.
            var blocks = Channel.CreateBounded<Block>(new BoundedChannelOptions(2) { SingleReader = true, SingleWriter = true });
            var parsing = Task.Run(() => ParseAsync(content, blocks.Writer, stop.Token), stop.Token);
            var writing = Task.Run(() => WriteAsync(id, writers, blocks.Reader, progress, stop.Token), stop.Token);
            // The one that fails first tells why; the other then only says that it was stopped.
            var first = await Task.WhenAny(parsing, writing);
            if (!first.IsCompletedSuccessfully) await stop.CancelAsync();
            await Task.WhenAny(Task.WhenAll(parsing, writing));
            await first;
            await parsing;
            var received = await writing;

            if (received.Accepted > 0)
                foreach (var writer in writers) await writer.CompleteAsync(stop.Token);
            return received;
        }
        finally
        {
            foreach (var writer in writers) await writer.DisposeAsync();
        }
    }

    private async Task ParseAsync(Stream content, ChannelWriter<Block> blocks, CancellationToken cancellationToken)
    {
        try
        {
            using var csv = new TransactionCsvReader(content);
            await csv.ReadHeaderAsync(cancellationToken);
            var block = new Block(_batchSize);
            while (await csv.ReadAsync(cancellationToken))
            {
                Sort(csv, block);
                if (block.Count < _batchSize && block.Rejects.Count < _batchSize) continue;
                await blocks.WriteAsync(block, cancellationToken);
                block = new Block(_batchSize);
            }
            await blocks.WriteAsync(block, cancellationToken);
        }
        finally
        {
            blocks.Complete();
        }
    }

    private void Sort(TransactionCsvReader csv, Block block)
    {
        if (!csv.TryGet(out var line)) block.Rejects.Add(new(csv.Line, "", RejectReasons.Malformed));
        else if (_validator.Check(line, out var sale) is var (field, reason)) block.Rejects.Add(new(csv.Line, field, reason));
        else block.Rows[block.Count++] = new(
            hasher.Hash(TransactionValidator.Trim(line.Id)), sale.Product, sale.Price, sale.Quantity, sale.Date);
    }

    private async Task<ReceivedBatch> WriteAsync(
        string id, List<IBatchWriter> writers, ChannelReader<Block> blocks, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        long accepted = 0, lines = 0;
        var rejected = new SortedDictionary<string, long>(StringComparer.Ordinal);
        await foreach (var block in blocks.ReadAllAsync(cancellationToken))
        {
            if (block.Count > 0)
                await Task.WhenAll(writers.ConvertAll(writer => writer.WriteAsync(block.Rows.AsMemory(0, block.Count), cancellationToken)));
            if (block.Rejects.Count > 0) await batches.AddRejectsAsync(id, block.Rejects, cancellationToken);
            foreach (var line in block.Rejects) rejected[line.Reason] = rejected.GetValueOrDefault(line.Reason) + 1;
            accepted += block.Count;
            lines += block.Count + block.Rejects.Count;
            block.Return();
            progress?.Report(lines);
        }
        return new ReceivedBatch(id, accepted, rejected);
    }

    /// <summary>
    /// Removes what receivers left that died in the middle. A living one, in whatever process, holds its batch's lease.
    /// </summary>
    public async Task DiscardDeadBatchesAsync(CancellationToken cancellationToken)
    {
        foreach (var batch in await batches.ListAsync(BatchStatus.Receiving, cancellationToken))
        {
            var taken = await HeldLease.TryTakeAsync(leases, LeaseName(batch.Id), holders.Own, _leaseTime, time, cancellationToken);
            if (taken is null) continue;
            await using (taken)
            {
                // Once more under the lease: its receiver may have completed it, and given the lease back, since it was listed.
                if (await batches.FindAsync(batch.Id, cancellationToken) is { Status: BatchStatus.Receiving }) await AbandonAsync(batch.Id, cause: null);
            }
        }
    }

    // Never stopped by the token that broke the batch off. What fails here is done by DiscardDeadBatchesAsync later.
    private async Task AbandonAsync(string id, Exception? cause)
    {
        try
        {
            foreach (var store in _stores) await store.DiscardAsync(id, CancellationToken.None);
            await batches.AbandonAsync(id, CancellationToken.None);
            LogAbandoned(logger, id, cause?.GetType().Name ?? "its process ended");
        }
        catch (Exception error) when (error is MartException or StoreException or IOException)
        {
            LogNotAbandoned(logger, error, id);
        }
    }

    [LoggerMessage(LogLevel.Information, "Batch {Batch} received: {Accepted} accepted, {Rejected} rejected in {Seconds:0.00} seconds")]
    private static partial void LogReceived(ILogger logger, string batch, long accepted, long rejected, double seconds);

    [LoggerMessage(LogLevel.Warning, "Batch {Batch} given up, nothing of it kept: {Cause}")]
    private static partial void LogAbandoned(ILogger logger, string batch, string cause);

    [LoggerMessage(LogLevel.Error, "Batch {Batch} could not be cleared away; the next run tries again")]
    private static partial void LogNotAbandoned(ILogger logger, Exception error, string batch);
}
