using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TransactionPipeline.GoogleStandIn.Sql;

namespace TransactionPipeline.GoogleStandIn.BigQuery;

/// <summary>Reads the files of load jobs: NDJSON and CSV, also compressed.</summary>
internal static class Loads
{
    public static IEnumerable<object?[]> Read(byte[] content, JsonNode load, IReadOnlyList<Column> columns)
    {
        var csv = (load["sourceFormat"]?.GetValue<string>() ?? "CSV") == "CSV";
        var skip = int.Parse(load["skipLeadingRows"]?.ToString() ?? "0", CultureInfo.InvariantCulture);
        var line = 0;
        foreach (var text in Lines(content))
        {
            line++;
            if (csv && line <= skip) continue;
            if (text.Length == 0) continue;
            yield return csv ? FromCsv(text, columns) : FromJson(text, line, columns);
        }
    }

    /// <summary>A value as SQLite holds it.</summary>
    public static object? Convert(string? text, Column column)
    {
        if (text is null) return null;
        return column.Type switch
        {
            "INT64" when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
            "NUMERIC" => Numerics.Text(Numerics.Parse(text)),
            "FLOAT64" => double.Parse(text, CultureInfo.InvariantCulture),
            "BOOL" => bool.Parse(text) ? 1L : 0L,
            "DATE" when DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) => text,
            "TIMESTAMP" => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeMilliseconds() * 1000,
            "STRING" => text,
            _ => throw new SqlRefusedException($"Could not parse '{text}' as {column.Type} for field {column.Name}", "invalid"),
        };
    }

    private static IEnumerable<string> Lines(byte[] content)
    {
        Stream stream = new MemoryStream(content, writable: false);
        if (content is [0x1F, 0x8B, ..]) stream = new GZipStream(stream, CompressionMode.Decompress);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line) yield return line;
    }

    private static object?[] FromJson(string text, int line, IReadOnlyList<Column> columns)
    {
        JsonObject row;
        try
        {
            row = JsonNode.Parse(text)!.AsObject();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new SqlRefusedException($"Error while reading data, error message: JSON parsing error in row {line}", "invalid");
        }
        foreach (var (name, _) in row)
        {
            if (!columns.Any(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                throw new SqlRefusedException($"Error while reading data, error message: JSON parsing error in row {line}: No such field: {name}.", "invalid");
        }
        return [.. columns.Select(column => Convert(row[column.Name]?.ToString(), column))];
    }

    private static object?[] FromCsv(string text, IReadOnlyList<Column> columns)
    {
        var fields = text.Split(',');
        if (fields.Length != columns.Count) throw new SqlRefusedException($"Error while reading data, error message: Expected {columns.Count} columns but found {fields.Length}", "invalid");
        return [.. fields.Select((field, i) => Convert(field.Length == 0 ? null : field.Trim('"'), columns[i]))];
    }
}
