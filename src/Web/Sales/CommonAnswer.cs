using System.IO.Compression;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.Net.Http.Headers;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Sales;

/// <summary>
/// The answer nearly everybody asks for, the first JSON page without filters: written once for each set of rows, compressed once for
/// each coding, and from then on copied to the socket. Lives as long as the rows do.
/// </summary>
internal sealed class CommonAnswer
{
    private static readonly ConditionalWeakTable<MartRows, CommonAnswer> ByRows = [];

    private readonly Lazy<byte[]> _brotli;
    private readonly Lazy<byte[]> _gzip;

    private CommonAnswer(MartRows rows)
    {
        var end = Math.Min(rows.Count, SalesParameters.DefaultLimit);
        Count = end;
        Next = rows.Count > end ? SalesCursor.At(rows, end - 1) : null;
        Plain = Encode(rows.All().Take(end));
        _brotli = new(() => Compress(Plain, stream => new BrotliStream(stream, CompressionLevel.Optimal)));
        _gzip = new(() => Compress(Plain, stream => new GZipStream(stream, CompressionLevel.Optimal)));
    }

    /// <summary>Rows in it.</summary>
    public int Count { get; }

    /// <summary>Where the second page starts; null when this is all.</summary>
    public SalesCursor? Next { get; }

    private byte[] Plain { get; }

    public static CommonAnswer Of(MartRows rows) => ByRows.GetValue(rows, static rows => new CommonAnswer(rows));

    /// <summary>The bytes in a coding the caller takes, and its name; no name for plain.</summary>
    public (byte[] Bytes, string? Coding) For(HttpRequest request)
    {
        // Below a packet's size compression only costs.
        if (Plain.Length < 1024 || request.Headers.AcceptEncoding.Count == 0) return (Plain, null);
        if (!StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var codings)) return (Plain, null);
        if (Takes(codings, "br")) return (_brotli.Value, "br");
        return Takes(codings, "gzip") ? (_gzip.Value, "gzip") : (Plain, null);
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

    private static byte[] Compress(byte[] plain, Func<Stream, Stream> compressor)
    {
        using var buffer = new MemoryStream();
        using (var stream = compressor(buffer)) stream.Write(plain);
        return buffer.ToArray();
    }
}
