using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using CsvHelper;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Sales;

/// <summary>Writes rows in each format; the columns and their order are DESIGN.md 3's.</summary>
internal static class RowWriter
{
    private const int FlushBytes = 32 * 1024;
    private static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly CsvWriterOptions CsvOptions = CsvWriterOptions.Default with { NewLine = "\n", Injection = CsvInjection.Escape };

    private static ReadOnlySpan<byte> LineFeed => "\n"u8;

    /// <summary>The rows as one JSON array.</summary>
    public static async Task WriteJsonAsync(PipeWriter body, IEnumerable<MartRow> rows, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(body, Options);
        json.WriteStartArray();
        foreach (var row in rows)
        {
            Write(json, row);
            if (json.BytesPending > FlushBytes) await FlushAsync(json, body, cancellationToken);
        }
        json.WriteEndArray();
        await FlushAsync(json, body, cancellationToken);
    }

    /// <summary>One JSON object a line.</summary>
    public static async Task WriteNdJsonAsync(PipeWriter body, IEnumerable<MartRow> rows, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(body, Options);
        foreach (var row in rows)
        {
            Write(json, row);
            json.Flush();
            json.Reset();
            LineFeed.CopyTo(body.GetSpan(1));
            body.Advance(1);
            if (body.UnflushedBytes > FlushBytes) await body.FlushAsync(cancellationToken);
        }
        await body.FlushAsync(cancellationToken);
    }

    /// <summary>A header and one line for each row. Cells that a spreadsheet would run as a formula are escaped.</summary>
    public static async Task WriteCsvAsync(Stream body, IEnumerable<MartRow> rows, CancellationToken cancellationToken)
    {
        await using var csv = CsvWriter.Create(body, CsvOptions, leaveOpen: true);
        foreach (var column in (string[])["transaction_id", "product", "sale_month", "total_amount", "avg_price", "transaction_count"])
            csv.WriteField(column);
        await csv.EndRecordAsync(cancellationToken);
        foreach (var row in rows)
        {
            csv.WriteField(row.TransactionId);
            csv.WriteField(row.Product);
            csv.WriteField(row.Date, "yyyy-MM-dd");
            csv.WriteField(row.TotalAmount);
            csv.WriteField(row.AvgPrice);
            csv.WriteField(row.TransactionCount);
            await csv.EndRecordAsync(cancellationToken);
        }
        await csv.FlushAsync(cancellationToken);
    }

    private static void Write(Utf8JsonWriter json, in MartRow row)
    {
        json.WriteStartObject();
        json.WriteString("transaction_id"u8, row.TransactionId);
        json.WriteString("product"u8, row.Product);
        Span<char> date = stackalloc char[10];
        row.Date.TryFormat(date, out _, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        json.WriteString("sale_month"u8, date);
        json.WriteNumber("total_amount"u8, row.TotalAmount);
        json.WriteNumber("avg_price"u8, row.AvgPrice);
        json.WriteNumber("transaction_count"u8, row.TransactionCount);
        json.WriteEndObject();
    }

    private static async Task FlushAsync(Utf8JsonWriter json, PipeWriter body, CancellationToken cancellationToken)
    {
        await json.FlushAsync(cancellationToken);
        await body.FlushAsync(cancellationToken);
    }
}
