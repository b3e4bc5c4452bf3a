using System.Globalization;
using System.Text.Json.Nodes;
using TransactionPipeline.GoogleStandIn.Sql;

namespace TransactionPipeline.GoogleStandIn.BigQuery;

/// <summary>Pages of rows in the wire's form: <c>{"f":[{"v":"..."}]}</c>.</summary>
internal static class Rows
{
    public static void AddPage(
        JsonObject answer, Outcome outcome, string? pageToken, int? maxResults, int pageSize, string nextName, bool wholeTimestamps = false)
    {
        var start = pageToken is null ? 0 : int.Parse(pageToken, CultureInfo.InvariantCulture);
        var count = Math.Min(Math.Min(maxResults ?? pageSize, pageSize), outcome.Rows.Count - start);
        answer["totalRows"] = $"{outcome.Rows.Count}";
        answer["rows"] = new JsonArray([.. outcome.Rows.GetRange(start, count).Select(row => Row(row, outcome.Columns, wholeTimestamps))]);
        if (start + count < outcome.Rows.Count) answer[nextName] = $"{start + count}";
    }

    public static JsonObject Schema(IReadOnlyList<Column> columns) => new()
    {
        ["fields"] = new JsonArray([.. columns.Select(column => new JsonObject
        {
            ["name"] = column.Name,
            ["type"] = Types.ToSchema(column.Type),
            ["mode"] = "NULLABLE",
        })]),
    };

    private static JsonObject Row(string?[] row, IReadOnlyList<Column> columns, bool wholeTimestamps) => new()
    {
        ["f"] = new JsonArray([.. row.Select((value, i) => new JsonObject { ["v"] = Value(value, columns[i].Type, wholeTimestamps) })]),
    };

    // Timestamps are seconds with a fraction, unless whole microseconds are asked for.
    private static string? Value(string? value, string type, bool wholeTimestamps) =>
        type == "TIMESTAMP" && value is not null && !wholeTimestamps
            ? (decimal.Parse(value, CultureInfo.InvariantCulture) / 1_000_000m).ToString(CultureInfo.InvariantCulture)
            : value;
}
