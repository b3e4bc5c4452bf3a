using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Pipeline;

/// <summary>
/// Writes <c>summary_sales.json</c> and <c>summary_sales.csv</c>: every month, overwritten at each run. Each is written beside and then
/// renamed, so that whoever reads it never sees half of it.
/// </summary>
/// <param name="directory">Where to; made when missing.</param>
public sealed class SummaryExporter(string directory)
{
    private const int FlushBytes = 64 << 10;

    private static readonly string[] Columns = ["product", "sale_month", "total_amount", "avg_price", "transaction_count"];

    // Relaxed: a file, not a page; names of products stay readable.
    private static readonly JsonWriterOptions JsonOptions = new()
    {
        Indented = true,
        IndentSize = 2,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes both files from the summaries of <paramref name="store"/>.</summary>
    /// <exception cref="IOException">The disk cannot be written.</exception>
    public async Task ExportAsync(ITransactionStore store, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        var json = Path.Combine(directory, "summary_sales.json");
        var csv = Path.Combine(directory, "summary_sales.csv");
        try
        {
            await WriteAsync(store, json + ".tmp", csv + ".tmp", cancellationToken);
            File.Move(json + ".tmp", json, overwrite: true);
            File.Move(csv + ".tmp", csv, overwrite: true);
        }
        catch
        {
            File.Delete(json + ".tmp");
            File.Delete(csv + ".tmp");
            throw;
        }
    }

    private static async Task WriteAsync(ITransactionStore store, string jsonPath, string csvPath, CancellationToken cancellationToken)
    {
        await using var jsonFile = File.Create(jsonPath);
        await using var json = new Utf8JsonWriter(jsonFile, JsonOptions);
        await using var csv = CsvWriter.ToFile(csvPath, new CsvWriterOptions { NewLine = "\n" });
        foreach (var column in Columns) csv.WriteField(column);
        csv.EndRecord();
        json.WriteStartArray();
        await foreach (var row in store.ReadSummaryAsync(cancellationToken))
        {
            var month = row.Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            json.WriteStartObject();
            json.WriteString(Columns[0], row.Product);
            json.WriteString(Columns[1], month);
            json.WriteNumber(Columns[2], row.TotalAmount);
            json.WriteNumber(Columns[3], row.AvgPrice);
            json.WriteNumber(Columns[4], row.TransactionCount);
            json.WriteEndObject();
            if (json.BytesPending > FlushBytes) await json.FlushAsync(cancellationToken);

#pragma warning disable MA0011 // The writer's own provider is the invariant culture.
            csv.WriteField(row.Product);
            csv.WriteField(month);
            csv.WriteField(row.TotalAmount);
            csv.WriteField(row.AvgPrice);
            csv.WriteField(row.TransactionCount);
#pragma warning restore MA0011
            await csv.EndRecordAsync(cancellationToken);
        }
        json.WriteEndArray();
        await csv.FlushAsync(cancellationToken);
        await json.FlushAsync(cancellationToken);
    }
}
