using System.Globalization;
using System.Text.Json;
using CsvHelper;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Sales;

/// <summary>What one kind of row looks like outside.</summary>
/// <param name="Columns">The names of its fields, in order.</param>
/// <param name="WriteJson">Writes one row as an object.</param>
/// <param name="WriteCsv">Writes one row's fields, without the end of the line.</param>
internal sealed record RowShape<T>(IReadOnlyList<string> Columns, Action<Utf8JsonWriter, T> WriteJson, Action<CsvWriter, T> WriteCsv);

/// <summary>The rows that the sales routes give; the columns and their order are part of the API.</summary>
internal static class RowShapes
{
    private const string Date = "yyyy-MM-dd";

    /// <summary>Rows of <c>/sales/trends</c> and <c>/sales/pg-trends</c>.</summary>
    public static RowShape<MartRow> Sales { get; } = new(
        ["transaction_id", "product", "sale_month", "total_amount", "avg_price", "transaction_count"], WriteJson, WriteCsv);

    /// <summary>Rows of <c>/sales/monthly</c>.</summary>
    public static RowShape<MonthTotal> Months { get; } = new(
        ["sale_month", "total_amount", "transaction_count", "total_quantity"], WriteJson, WriteCsv);

    private static void WriteJson(Utf8JsonWriter json, MartRow row)
    {
        json.WriteStartObject();
        json.WriteString("transaction_id"u8, row.TransactionId);
        json.WriteString("product"u8, row.Product);
        WriteDate(json, row.Date);
        json.WriteNumber("total_amount"u8, row.TotalAmount);
        json.WriteNumber("avg_price"u8, row.AvgPrice);
        json.WriteNumber("transaction_count"u8, row.TransactionCount);
        json.WriteEndObject();
    }

    private static void WriteCsv(CsvWriter csv, MartRow row)
    {
#pragma warning disable MA0011 // The writer's own provider is the invariant culture.
        csv.WriteField(row.TransactionId);
        csv.WriteField(row.Product);
        csv.WriteField(row.Date, Date);
        csv.WriteField(row.TotalAmount);
        csv.WriteField(row.AvgPrice);
        csv.WriteField(row.TransactionCount);
#pragma warning restore MA0011
    }

    private static void WriteJson(Utf8JsonWriter json, MonthTotal total)
    {
        json.WriteStartObject();
        WriteDate(json, total.Month.FirstDay);
        json.WriteNumber("total_amount"u8, total.TotalAmount);
        json.WriteNumber("transaction_count"u8, total.TransactionCount);
        if (total.TotalQuantity is { } pieces) json.WriteNumber("total_quantity"u8, pieces);
        else json.WriteNull("total_quantity"u8);
        json.WriteEndObject();
    }

    private static void WriteCsv(CsvWriter csv, MonthTotal total)
    {
#pragma warning disable MA0011 // As above.
        csv.WriteField(total.Month.FirstDay, Date);
        csv.WriteField(total.TotalAmount);
        csv.WriteField(total.TransactionCount);
        csv.WriteField(total.TotalQuantity);
#pragma warning restore MA0011
    }

    private static void WriteDate(Utf8JsonWriter json, DateOnly day)
    {
        Span<char> date = stackalloc char[10];
        day.TryFormat(date, out _, Date, CultureInfo.InvariantCulture);
        json.WriteString("sale_month"u8, date);
    }
}
