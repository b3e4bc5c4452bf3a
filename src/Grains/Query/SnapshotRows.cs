using System.Runtime.CompilerServices;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Grains.Query;

/// <summary>
/// A snapshot's rows on their way: inside a silo the rows themselves, between silos their bytes. Neither is ever copied, and the bytes
/// are made once for each snapshot, however many silos ask for it; they count as the snapshot's memory.
/// </summary>
[Immutable]
internal sealed class SnapshotRows(MartRows rows)
{
    // They live as long as the rows do.
    private static readonly ConditionalWeakTable<MartRows, Lazy<byte[]>> Encoded = [];

    public MartRows Rows { get; } = rows;

    public byte[] Bytes => Encoded.GetValue(Rows, static rows => new(() => Encode(rows))).Value;

    private static byte[] Encode(MartRows rows)
    {
        var bytes = SnapshotCodec.Encode(rows);
        rows.CountIn(bytes.Length);
        return bytes;
    }
}

/// <summary>The bytes of <see cref="SnapshotCodec"/>, whose first says the format.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.snapshot-bytes")]
internal struct SnapshotBytes
{
    [Id(0)] public byte[] Bytes;
}

/// <summary>Turns rows into bytes only where they leave the silo.</summary>
[RegisterConverter]
internal sealed class SnapshotRowsConverter : IConverter<SnapshotRows, SnapshotBytes>
{
    public SnapshotBytes ConvertToSurrogate(in SnapshotRows value) => new() { Bytes = value.Bytes };

    public SnapshotRows ConvertFromSurrogate(in SnapshotBytes surrogate) =>
        // A format of a newer version: the asker then does without its owner, by the lease.
        new(SnapshotCodec.TryDecode(surrogate.Bytes) ?? throw new InvalidDataException("The rows are in a format that this version does not know."));
}
