using System.Buffers;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>Lines on their way from the parser to the stores.</summary>
internal sealed class Block(int rows)
{
    /// <summary>Room for the good ones; the first <see cref="Count"/> are filled.</summary>
    public Transaction[] Rows { get; } = ArrayPool<Transaction>.Shared.Rent(rows);

    /// <summary>The number of good ones.</summary>
    public int Count { get; set; }

    /// <summary>The others.</summary>
    public List<RejectedLine> Rejects { get; } = [];

    /// <summary>Gives the room back, once every <see cref="IBatchWriter"/> is done with it.</summary>
    public void Return() => ArrayPool<Transaction>.Shared.Return(Rows, clearArray: true);
}
