using System.IO.Pipelines;
using System.Text.Json;
using CsvHelper;

namespace TransactionPipeline.Web.Sales;

/// <summary>Writes rows of any shape in each format.</summary>
internal static class RowWriter
{
    private const int FlushBytes = 32 * 1024;
    private static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly CsvWriterOptions CsvOptions = CsvWriterOptions.Default with { NewLine = "\n", Injection = CsvInjection.Escape };

    private static ReadOnlySpan<byte> LineFeed => "\n"u8;

    /// <summary>The rows as a response's whole body, with its content type.</summary>
    /// <returns>The rows written.</returns>
    public static async Task<int> WriteAsync<T>(HttpContext http, AnswerFormat format, RowShape<T> shape, IEnumerable<T> rows)
    {
        var count = 0;
        var counted = rows.Select(row =>
        {
            count++;
            return row;
        });
        var (response, cancellationToken) = (http.Response, http.RequestAborted);
        response.ContentType = format.ContentType();
        await (format switch
        {
            AnswerFormat.Csv => WriteCsvAsync(response.Body, shape, counted, cancellationToken),
            AnswerFormat.NdJson => WriteNdJsonAsync(response.BodyWriter, shape, counted, cancellationToken),
            _ => WriteJsonAsync(response.BodyWriter, shape, counted, cancellationToken),
        });
        return count;
    }

    /// <summary>The rows as one JSON array.</summary>
    public static async Task WriteJsonAsync<T>(PipeWriter body, RowShape<T> shape, IEnumerable<T> rows, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(body, Options);
        json.WriteStartArray();
        foreach (var row in rows)
        {
            shape.WriteJson(json, row);
            if (json.BytesPending > FlushBytes) await FlushAsync(json, body, cancellationToken);
        }
        json.WriteEndArray();
        await FlushAsync(json, body, cancellationToken);
    }

    /// <summary>One JSON object a line.</summary>
    private static async Task WriteNdJsonAsync<T>(PipeWriter body, RowShape<T> shape, IEnumerable<T> rows, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(body, Options);
        foreach (var row in rows)
        {
            shape.WriteJson(json, row);
            json.Flush();
            json.Reset();
            LineFeed.CopyTo(body.GetSpan(1));
            body.Advance(1);
            if (body.UnflushedBytes > FlushBytes) await body.FlushAsync(cancellationToken);
        }
        await body.FlushAsync(cancellationToken);
    }

    /// <summary>A header and one line for each row. Cells that a spreadsheet would run as a formula are escaped.</summary>
    private static async Task WriteCsvAsync<T>(Stream body, RowShape<T> shape, IEnumerable<T> rows, CancellationToken cancellationToken)
    {
        await using var csv = CsvWriter.Create(body, CsvOptions, leaveOpen: true);
        foreach (var column in shape.Columns) csv.WriteField(column);
        await csv.EndRecordAsync(cancellationToken);
        foreach (var row in rows)
        {
            shape.WriteCsv(csv, row);
            await csv.EndRecordAsync(cancellationToken);
        }
        await csv.FlushAsync(cancellationToken);
    }

    private static async Task FlushAsync(Utf8JsonWriter json, PipeWriter body, CancellationToken cancellationToken)
    {
        await json.FlushAsync(cancellationToken);
        await body.FlushAsync(cancellationToken);
    }
}
