using System.Text.RegularExpressions;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>A table of the project.</summary>
internal readonly record struct TableName(string Dataset, string Table);

/// <summary>
/// The tables' names. They are the only text from configuration that becomes part of SQL, so each is held to the letters that BigQuery
/// allows unquoted.
/// </summary>
internal sealed partial class BigQueryTables
{
    public BigQueryTables(BigQueryWarehouseOptions warehouse, BigQueryMartOptions mart)
    {
        if (!ProjectName().IsMatch(warehouse.ProjectId))
            throw new InvalidDataException("data_warehouse:project_id must be a Google Cloud project id: letters, digits and '-'.");
        Project = warehouse.ProjectId;
        WarehouseDataset = Checked(warehouse.Dataset, "data_warehouse:dataset");
        MartDataset = Checked(mart.Dataset, "data_mart:dataset");
        Raw = new(WarehouseDataset, Checked(warehouse.Table, "data_warehouse:table"));
        LoadedBatches = new(WarehouseDataset, "loaded_batches");
        DirtyMonths = new(WarehouseDataset, "dirty_months");
        AppliedFilter = new(WarehouseDataset, "applied_filter");
        Sales = new(MartDataset, "fact_sales");
        Summaries = new(MartDataset, Checked(mart.Table, "data_mart:table"));
        Versions = new(MartDataset, "mart_versions");
    }

    public string Project { get; }

    public string WarehouseDataset { get; }

    public string MartDataset { get; }

    public TableName Raw { get; }

    public TableName LoadedBatches { get; }

    public TableName DirtyMonths { get; }

    public TableName AppliedFilter { get; }

    public TableName Sales { get; }

    public TableName Summaries { get; }

    public TableName Versions { get; }

    /// <summary>The table that a batch is loaded into first.</summary>
    public TableName Staging(string batchId) => new(WarehouseDataset, $"staged_{batchId}");

    /// <summary>As SQL has it.</summary>
    public string Sql(TableName table) => $"`{Project}.{table.Dataset}.{table.Table}`";

    private static string Checked(string name, string setting) => PlainName().IsMatch(name)
        ? name
        : throw new InvalidDataException($"{setting} must have only letters, digits and '_'.");

    [GeneratedRegex("^[A-Za-z0-9_]{1,300}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlainName();

    [GeneratedRegex("^[a-z0-9][a-z0-9.:-]{1,60}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ProjectName();
}
