using System.Buffers;
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Archive;

/// <summary>
/// Writes rows as compressed NDJSON into a resumable upload, as they arrive. Each row has its line number: a load job keeps no order, and
/// the last line of an id wins.
/// </summary>
internal sealed class ArchiveBatchWriter : IBatchWriter
{
    private static readonly byte[] NewLine = [(byte)'\n'];

    private readonly ResumableUpload _upload;
    private readonly ArrayBufferWriter<byte> _row = new();
    private readonly MemoryStream _compressed = new();
    private readonly GZipStream _gzip;
    private readonly Utf8JsonWriter _json;
    private long _line;

    public ArchiveBatchWriter(ResumableUpload upload)
    {
        _upload = upload;
        _gzip = new GZipStream(_compressed, CompressionLevel.Fastest, leaveOpen: true);
        _json = new Utf8JsonWriter(_row, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    public Task WriteAsync(ReadOnlyMemory<Transaction> rows, CancellationToken cancellationToken)
    {
        foreach (ref readonly var row in rows.Span) Write(row);
        return SendAsync(cancellationToken);
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await _gzip.DisposeAsync();
        await SendAsync(cancellationToken);
        await ArchiveErrors.ToMartExceptionsAsync(() => _upload.CompleteAsync(cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync();
        await _gzip.DisposeAsync();
        await _upload.DisposeAsync();
    }

    private void Write(in Transaction row)
    {
        _row.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteNumber("line", ++_line);
        _json.WriteString("transaction_id", row.TransactionId);
        _json.WriteString("product", row.Product);
        // As text: NUMERIC takes it exactly, a JSON number may pass through a double on its way.
        _json.WriteString("price", $"{row.Price}");
        _json.WriteNumber("quantity", row.Quantity);
        _json.WriteString("date", $"{row.Date:O}");
        _json.WriteEndObject();
        _json.Flush();
        _gzip.Write(_row.WrittenSpan);
        _gzip.Write(NewLine);
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var ready = _compressed.GetBuffer().AsMemory(0, (int)_compressed.Length);
        await ArchiveErrors.ToMartExceptionsAsync(async () =>
        {
            await _upload.AppendAsync(ready, cancellationToken);
            return true;
        });
        _compressed.SetLength(0);
    }
}
