using System.Text.Json.Nodes;
using TransactionPipeline.GoogleStandIn.Sql;

namespace TransactionPipeline.GoogleStandIn.BigQuery;

/// <summary>A table: its resource as last given, and the shape that the SQL sees.</summary>
internal sealed class TableEntry
{
    public required JsonObject Resource { get; set; }

    public required TableShape Shape { get; set; }

    public long Created { get; set; }

    public long Modified { get; set; }

    public long Version { get; set; }
}

/// <summary>Datasets and tables by id. Guarded by the engine's lock.</summary>
internal sealed class Catalog
{
    private readonly Dictionary<string, JsonObject> _datasets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TableEntry> _tables = new(StringComparer.Ordinal);

    public IEnumerable<JsonObject> Datasets(string project) =>
        _datasets.Where(pair => pair.Key.StartsWith(project + ".", StringComparison.Ordinal)).Select(pair => pair.Value);

    public IEnumerable<(string Id, TableEntry Table)> Tables(string project, string dataset) => _tables
        .Where(pair => pair.Key.StartsWith($"{project}.{dataset}.", StringComparison.Ordinal))
        .OrderBy(pair => pair.Key, StringComparer.Ordinal)
        .Select(pair => (pair.Key, pair.Value));

    public JsonObject? FindDataset(string project, string dataset) => _datasets.GetValueOrDefault($"{project}.{dataset}");

    public void AddDataset(string project, string dataset, JsonObject resource) => _datasets.Add($"{project}.{dataset}", resource);

    public void RemoveDataset(string project, string dataset) => _datasets.Remove($"{project}.{dataset}");

    public TableEntry? FindTable(string project, string dataset, string table) => _tables.GetValueOrDefault($"{project}.{dataset}.{table}");

    public void AddTable(string project, string dataset, string table, TableEntry entry) => _tables.Add($"{project}.{dataset}.{table}", entry);

    public void RemoveTable(string project, string dataset, string table) => _tables.Remove($"{project}.{dataset}.{table}");

    public TableEntry Find(TableShape shape) => _tables.Values.Single(entry => entry.Shape == shape);

    public static TableShape Shape(string project, string dataset, string table, JsonNode? resource)
    {
        var columns = Columns(resource?["schema"]);
        var partition = resource?["timePartitioning"]?["field"]?.GetValue<string>();
        return new TableShape($"main.\"{project}.{dataset}.{table}\"", $"{project}.{dataset}.{table}", columns, partition);
    }

    public static List<Column> Columns(JsonNode? schema) =>
    [
        .. (schema?["fields"]?.AsArray() ?? []).Select(field => new Column(
            field!["name"]!.GetValue<string>(),
            Types.FromSchema(field["type"]!.GetValue<string>()),
            field["mode"]?.GetValue<string>() == "REQUIRED")),
    ];
}
