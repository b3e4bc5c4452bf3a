using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Grains.Query;

/// <summary>
/// A snapshot's rows on their way: inside a silo the rows themselves, between silos their bytes, or how many those are when they are too
/// many for one message. Neither is ever copied, and the bytes are made once for each snapshot, however many silos ask for it; they count
/// as the snapshot's memory.
/// </summary>
[Immutable]
internal sealed class SnapshotRows
{
    // They live as long as the rows do.
    private static readonly ConditionalWeakTable<MartRows, Lazy<byte[]>> Encoded = [];

    private readonly MartRows? _rows;

    public SnapshotRows(MartRows rows) => _rows = rows;

    private SnapshotRows(int leftOut) => LeftOut = leftOut;

    /// <summary>The rows, which have not been left out.</summary>
    public MartRows Rows => _rows ?? throw new InvalidOperationException($"Rows of {LeftOut} bytes were left out of the message.");

    /// <summary>How many bytes were left out; 0 when the rows are here.</summary>
    public int LeftOut { get; }

    public byte[] Bytes => Encoded.GetValue(Rows, static rows => new(() => Encode(rows))).Value;

    /// <summary>Rows that are somewhere else, of so many bytes.</summary>
    public static SnapshotRows Elsewhere(int bytes) => new(bytes);

    /// <summary>The rows of such bytes.</summary>
    /// <exception cref="InvalidDataException">A format of a newer version: the asker then does without its owner, by the lease.</exception>
    public static SnapshotRows Decode(byte[] bytes) =>
        new(SnapshotCodec.TryDecode(bytes) ?? throw new InvalidDataException("The rows are in a format that this version does not know."));

    private static byte[] Encode(MartRows rows)
    {
        var bytes = SnapshotCodec.Encode(rows);
        rows.CountIn(bytes.Length);
        return bytes;
    }
}

/// <summary>The bytes of <see cref="SnapshotCodec"/>, whose first says the format; or none, and their number.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.snapshot-bytes")]
internal struct SnapshotBytes
{
    [Id(0)] public byte[] Bytes;

    [Id(1)] public int LeftOut;
}

/// <summary>Turns rows into bytes only where they leave the silo.</summary>
[RegisterConverter]
internal sealed class SnapshotRowsConverter(IOptions<GrainsOptions> options) : IConverter<SnapshotRows, SnapshotBytes>
{
    public SnapshotBytes ConvertToSurrogate(in SnapshotRows value)
    {
        var bytes = value.Bytes;
        return bytes.Length <= options.Value.MaxMessageBytes ? new() { Bytes = bytes } : new() { Bytes = [], LeftOut = bytes.Length };
    }

    public SnapshotRows ConvertFromSurrogate(in SnapshotBytes surrogate) =>
        surrogate.LeftOut > 0 ? SnapshotRows.Elsewhere(surrogate.LeftOut) : SnapshotRows.Decode(surrogate.Bytes);
}
