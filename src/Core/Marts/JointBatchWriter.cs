using TransactionPipeline.Core.Ingestion;

namespace TransactionPipeline.Core.Marts;

/// <summary>Writes the rows of one batch to several places, in order. If one fails, the batch is staged nowhere.</summary>
internal sealed class JointBatchWriter : IBatchWriter
{
    private readonly List<IBatchWriter> _writers = [];

    private JointBatchWriter()
    {
    }

    public static async Task<IBatchWriter> OpenAsync(IReadOnlyList<Func<Task<IBatchWriter>>> open)
    {
        var joint = new JointBatchWriter();
        try
        {
            foreach (var next in open) joint._writers.Add(await next());
            return joint;
        }
        catch
        {
            await joint.DisposeAsync();
            throw;
        }
    }

    public async Task WriteAsync(ReadOnlyMemory<Transaction> rows, CancellationToken cancellationToken)
    {
        foreach (var writer in _writers) await writer.WriteAsync(rows, cancellationToken);
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        foreach (var writer in _writers) await writer.CompleteAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers) await writer.DisposeAsync();
    }
}
