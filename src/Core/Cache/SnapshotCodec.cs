using System.IO.Compression;
using System.Text;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The rows of a snapshot as bytes, for stores and for the wire between silos. The first byte is the format's number: a reader that
/// does not know it treats the snapshot as missing, so old and new versions of the program can share a store.
/// </summary>
public static class SnapshotCodec
{
    /// <summary>No more bytes than this are an answer without rows; one row takes more.</summary>
    public const int MaxEmptyBytes = 16;

    private const byte Format = 1;

    /// <summary>The rows as bytes, compressed.</summary>
    public static byte[] Encode(MartRows rows)
    {
        using var buffer = new MemoryStream();
        buffer.WriteByte(Format);
        using (var compressed = new BrotliStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        using (var buffered = new BufferedStream(compressed, 64 * 1024))
        using (var writer = new BinaryWriter(buffered, Encoding.UTF8))
        {
            writer.Write7BitEncodedInt(rows.Count);
            writer.Write(rows.HasTransactionId);
            writer.Write(rows.HasTotalQuantity);
            string? product = null;
            foreach (var row in rows.All())
            {
                // Rows are sorted by product: a name is written once, then as an empty string.
                writer.Write(product == row.Product ? "" : row.Product);
                product = row.Product;
                if (row.TransactionId is { } id) WriteId(writer, id);
                writer.Write7BitEncodedInt(row.Date.DayNumber);
                writer.Write(row.TotalAmount);
                writer.Write(row.AvgPrice);
                writer.Write7BitEncodedInt64(row.TransactionCount);
                if (row.TotalQuantity is { } quantity) writer.Write7BitEncodedInt64(quantity);
            }
        }
        return buffer.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; null when it is of another format or broken.</summary>
    public static MartRows? TryDecode(byte[] bytes)
    {
        if (bytes.Length == 0 || bytes[0] != Format) return null;
        try
        {
            using var compressed = new BrotliStream(new MemoryStream(bytes, 1, bytes.Length - 1), CompressionMode.Decompress);
            using var buffered = new BufferedStream(compressed, 64 * 1024);
            using var reader = new BinaryReader(buffered, Encoding.UTF8);
            return Read(reader);
        }
        catch (Exception broken) when (broken is IOException or InvalidDataException or FormatException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static MartRows Read(BinaryReader reader)
    {
        var count = reader.Read7BitEncodedInt();
        var hasId = reader.ReadBoolean();
        var hasQuantity = reader.ReadBoolean();
        var builder = new MartRowsBuilder();
        var product = "";
        for (var i = 0; i < count; i++)
        {
            var name = reader.ReadString();
            if (name.Length > 0) product = name;
            builder.Add(new MartRow(
                hasId ? ReadId(reader) : null,
                product,
                DateOnly.FromDayNumber(reader.Read7BitEncodedInt()),
                reader.ReadDecimal(),
                reader.ReadDecimal(),
                reader.Read7BitEncodedInt64(),
                hasQuantity ? reader.Read7BitEncodedInt64() : null));
        }
        // A cut-off file may end between rows: what follows the last one must be the end.
        return reader.BaseStream.ReadByte() == -1 ? builder.Build() : throw new InvalidDataException("more rows than counted");
    }

    private static void WriteId(BinaryWriter writer, string id)
    {
        var isHash = TransactionIdColumn.IsHash(id);
        writer.Write(isHash);
        if (isHash) writer.Write(Convert.FromHexString(id));
        else writer.Write(id);
    }

    private static string ReadId(BinaryReader reader)
    {
        if (!reader.ReadBoolean()) return reader.ReadString();
        Span<byte> hash = stackalloc byte[TransactionIdColumn.HashBytes];
        reader.BaseStream.ReadExactly(hash);
        return Convert.ToHexStringLower(hash);
    }
}
