using static TransactionPipeline.Core.Marts.BigQuery.BigQuerySchema.Field;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>
/// The tables that PrepareAsync makes. Partitioned by month, not by day: what is read and rewritten is a month, and a table may have only
/// so many partitions. Plain NUMERIC (38 digits, 9 decimals) holds every sum.
/// </summary>
internal static class BigQuerySchema
{
    public static IReadOnlyList<(TableName Name, TableResource Resource)> Tables(BigQueryTables tables) =>
    [
        (tables.Raw, Table([Id, Product(required: false), Price, Quantity, Day("date")], "date", "transaction_id")),
        (tables.LoadedBatches, Table([Text("id"), Whole("inserted"), Whole("replaced"), Whole("unchanged"), Whole("duplicates")])),
        (tables.DirtyMonths, Table([Day("month")])),
        (tables.AppliedFilter, Table([Text("product_prefix"), Whole("max_quantity")])),
        (tables.Sales, Table([Id, Product(required: true), Price, Quantity, Money("amount"), Day("sale_date")], "sale_date", "product")),
        (tables.Summaries, Table(
            [Id, Product(required: true), Day("sale_month"), Money("total_amount"), Money("avg_price"), Whole("transaction_count"), Whole("total_quantity")],
            "sale_month", "product")),
        (tables.Versions, Table([Text("mart"), Day("month"), Whole("version"), new TableField("changed_at", "TIMESTAMP", "REQUIRED")])),
    ];

    /// <summary>What is in the archive's files.</summary>
    public static TableSchema Staged { get; } = new([Whole("line"), Id, Product(required: false), Price, Quantity, Day("date")]);

    private static TableResource Table(IReadOnlyList<TableField> fields, string? partition = null, string? cluster = null) => new()
    {
        Schema = new TableSchema(fields),
        TimePartitioning = partition is null ? null : new TimePartitioning("MONTH", partition),
        Clustering = cluster is null ? null : new Clustering([cluster]),
    };

    internal static class Field
    {
        public static TableField Id { get; } = Text("transaction_id");

        public static TableField Price { get; } = Money("price");

        public static TableField Quantity { get; } = Whole("quantity");

        public static TableField Product(bool required) => new("product", "STRING", required ? "REQUIRED" : "NULLABLE");

        public static TableField Text(string name) => new(name, "STRING", "REQUIRED");

        public static TableField Whole(string name) => new(name, "INTEGER", "REQUIRED");

        public static TableField Money(string name) => new(name, "NUMERIC", "REQUIRED");

        public static TableField Day(string name) => new(name, "DATE", "REQUIRED");
    }
}
