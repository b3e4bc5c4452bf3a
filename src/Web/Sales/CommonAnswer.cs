using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Numerics;
using System.Runtime.CompilerServices;
using Microsoft.Net.Http.Headers;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Sales;

/// <summary>
/// The answer nearly everybody asks for, the first JSON page without filters: written once for each set of rows, compressed once for
/// each coding, and from then on copied to the socket. Lives as long as the rows do, and counts as their memory.
/// </summary>
internal sealed class CommonAnswer
{
    // What CompressionLevel.Optimal means.
    private const int BrotliQuality = 4;

    private static readonly ConditionalWeakTable<MartRows, CommonAnswer> ByRows = [];

    private readonly Lazy<byte[]> _brotli;
    private readonly Lazy<byte[]> _gzip;

    private CommonAnswer(MartRows rows)
    {
        var end = Math.Min(rows.Count, SalesParameters.DefaultLimit);
        Count = end;
        Next = rows.Count > end ? SalesCursor.At(rows, end - 1) : null;
        Plain = Encode(rows.All().Take(end));
        _brotli = new(() => Counted(rows, Brotli(Plain)));
        _gzip = new(() => Counted(rows, GZip(Plain)));
    }

    /// <summary>Rows in it.</summary>
    public int Count { get; }

    /// <summary>Where the second page starts; null when this is all.</summary>
    public SalesCursor? Next { get; }

    private byte[] Plain { get; }

    public static CommonAnswer Of(MartRows rows)
    {
        if (ByRows.TryGetValue(rows, out var known)) return known;
        var made = new CommonAnswer(rows);
        var kept = ByRows.GetValue(rows, _ => made);
        // Of two that make it at once, one is kept.
        if (ReferenceEquals(kept, made)) Counted(rows, made.Plain);
        return kept;
    }

    /// <summary>The bytes in a coding the caller takes, and its name; no name for plain.</summary>
    public (byte[] Bytes, string? Coding) For(HttpRequest request)
    {
        // Below a packet's size compression only costs.
        if (Plain.Length < 1024 || request.Headers.AcceptEncoding.Count == 0) return (Plain, null);
        if (!StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var codings)) return (Plain, null);
        if (Takes(codings, "br")) return (_brotli.Value, "br");
        return Takes(codings, "gzip") ? (_gzip.Value, "gzip") : (Plain, null);
    }

    private static byte[] Counted(MartRows rows, byte[] bytes)
    {
        rows.CountIn(bytes.Length);
        return bytes;
    }

    private static bool Takes(IList<StringWithQualityHeaderValue> codings, string name) =>
        codings.Any(coding => coding.Quality != 0 && coding.Value.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static byte[] Encode(IEnumerable<MartRow> rows)
    {
        using var buffer = new MemoryStream();
        var pipe = PipeWriter.Create(buffer, new StreamPipeWriterOptions(leaveOpen: true));
        // A memory stream never waits.
        RowWriter.WriteJsonAsync(pipe, RowShapes.Sales, rows, CancellationToken.None).GetAwaiter().GetResult();
        pipe.Complete();
        return buffer.ToArray();
    }

    private static byte[] Brotli(byte[] plain)
    {
        // As far back as the text is long: the usual window of 4 MiB would take that much memory for each answer that is written just now.
        var window = Math.Clamp(BitOperations.Log2((uint)plain.Length) + 1, 10, 22);
        var buffer = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(plain.Length));
        try
        {
            if (!BrotliEncoder.TryCompress(plain, buffer, out var written, BrotliQuality, window)) throw new InvalidOperationException("Brotli needs more than it says at most.");
            return buffer[..written];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] GZip(byte[] plain)
    {
        using var buffer = new MemoryStream();
        using (var stream = new GZipStream(buffer, CompressionLevel.Optimal)) stream.Write(plain);
        return buffer.ToArray();
    }
}
