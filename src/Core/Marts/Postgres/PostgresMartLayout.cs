namespace TransactionPipeline.Core.Marts.Postgres;

/// <summary>
/// What the database has to read from, and the questions that follow from it. The marts that this system makes have
/// <c>mart_versions</c>. Those made elsewhere (by dbt, say) have <c>pg_sales</c> and perhaps <c>summary_sales</c>, as tables
/// or views, without some columns, with money of any numeric type and dates of any type that casts to a date.
/// </summary>
/// <param name="Sales">The columns of <c>pg_sales</c> that this user may read.</param>
/// <param name="Summary">Those of <c>summary_sales</c>; none when there is no such table, and sales are then summed up on each read.</param>
/// <param name="HasVersions">The marts were made by this system.</param>
internal sealed record PostgresMartLayout(IReadOnlySet<string> Sales, IReadOnlySet<string> Summary, bool HasVersions)
{
    private static readonly string[] SalesColumns = ["transaction_id", "product", "price", "quantity", "amount", "sale_date"];
    private static readonly string[] NeededOfSales = ["product", "price", "amount", "sale_date"];
    private static readonly string[] NeededOfSummary = ["product", "sale_month", "total_amount", "avg_price", "transaction_count"];
    private static readonly string[] SummaryColumns = [.. NeededOfSummary, "transaction_id", "total_quantity"];

    /// <summary>What may be read: table, column.</summary>
    public const string InspectSql =
        """
        SELECT c.relname::text, a.attname::text
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.oid IN (to_regclass('pg_sales'), to_regclass('summary_sales'), to_regclass('mart_versions'))
          AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(c.oid, a.attnum, 'SELECT')
        """;

    public const string VersionSql = "SELECT version FROM mart_versions WHERE mart = $1 AND month = $2";

    /// <summary>A version only ever rises, so their sum differs whenever one does.</summary>
    public const string AllVersionsSql = "SELECT coalesce(sum(version), 0)::text FROM mart_versions WHERE mart = $1";

    // 15 digits, as many as a double keeps: 249.95 stays 249.95.
    private const string ForeignMean = "div(floor(20000 * sum(price::numeric)) + count(*), 2 * count(*)) * 0.0001";

    public static PostgresMartLayout Of(IEnumerable<(string Table, string Column)> columns)
    {
        var tables = columns.ToLookup(entry => entry.Table, entry => entry.Column, StringComparer.Ordinal);
        return new(
            tables["pg_sales"].ToHashSet(StringComparer.Ordinal),
            tables["summary_sales"].ToHashSet(StringComparer.Ordinal),
            tables["mart_versions"].Any());
    }

    /// <summary>Tables and columns as text: two layouts of the same one are alike.</summary>
    public string Columns { get; } = $"{string.Join(',', Sales.Order(StringComparer.Ordinal))};{string.Join(',', Summary.Order(StringComparer.Ordinal))}";

    public bool IsEmpty => Sales.Count == 0 && Summary.Count == 0;

    /// <summary>What keeps the part from being read, naming the columns; null when nothing does.</summary>
    public string? ProblemOf(Mart part)
    {
        var (table, needed, has) = ReadsSummary(part)
            ? ("summary_sales", NeededOfSummary, Summary)
            : ("pg_sales", NeededOfSales, Sales);
        var missing = needed.Where(column => !has.Contains(column)).ToList();
        return missing.Count == 0 ? null
            : has.Count == 0 ? $"The PostgreSQL database has no table {table} that this user may read."
            : $"{table} in PostgreSQL lacks {string.Join(", ", missing)}, or this user may not read it.";
    }

    /// <summary>
    /// The rows of a part: $1 and $2 the month's first and last day, $3 the prefix. starts_with compares bytes and knows no wildcard;
    /// the second condition says the same to an index.
    /// </summary>
    public string ReadSql(Mart part) => (part, HasVersions) switch
    {
        (Mart.Warehouse, true) =>
            """
            SELECT transaction_id, product, sale_month, total_amount, avg_price, transaction_count, total_quantity
            FROM summary_sales WHERE sale_month BETWEEN $1 AND $2 AND product >= $3 AND starts_with(product, $3)
            """,
        (Mart.Operational, true) =>
            """
            SELECT transaction_id, product, sale_date, amount, price, 1::bigint, quantity::bigint
            FROM pg_sales WHERE sale_date BETWEEN $1 AND $2 AND product >= $3 AND starts_with(product, $3)
            """,
        _ when ReadsSummary(part) =>
            $"""
            SELECT {Column(Summary, "transaction_id", "transaction_id::text")}, product::text, $1::date,
                   round(total_amount::numeric, 4), round(avg_price::numeric, 4), transaction_count::bigint,
                   {Column(Summary, "total_quantity", "total_quantity::bigint")}
            FROM summary_sales WHERE sale_month::date BETWEEN $1 AND $2 AND starts_with(product::text, $3)
            """,
        // As marts made elsewhere are asked: one row for each id, product and day.
        (Mart.Operational, _) =>
            $"""
            SELECT {Column(Sales, "transaction_id", "transaction_id::text")}, product::text, sale_date::date,
                   round(sum(amount::numeric), 4), {ForeignMean}, {ForeignCount}, {ForeignQuantity}
            FROM pg_sales WHERE {ForeignMonthOfSales} AND starts_with(product::text, $3)
            GROUP BY {(Sales.Contains("transaction_id") ? "1, 2, 3" : "2, 3")}
            """,
        _ =>
            $"""
            SELECT {Column(Sales, "transaction_id", "min(transaction_id::text COLLATE \"C\")")}, product::text, $1::date,
                   round(sum(amount::numeric), 4), {ForeignMean}, {ForeignCount}, {ForeignQuantity}
            FROM pg_sales WHERE {ForeignMonthOfSales} AND starts_with(product::text, $3)
            GROUP BY 2
            """,
    };

    /// <summary>
    /// The change token of a mart without versions: how many rows the month ($1 to $2) has, and the sum of their contents' hashes.
    /// Statistics and sizes are cheaper but may stay the same, or lag, when rows change; xmin says nothing of a deleted row and views
    /// have none. With it comes the snapshot it was taken in: while that stays, nothing at all has been written.
    /// </summary>
    public string FingerprintSql(Mart part)
    {
        var (table, month, columns, has) = ReadsSummary(part)
            ? ("summary_sales", "sale_month::date BETWEEN $1 AND $2", SummaryColumns, Summary)
            : ("pg_sales", ForeignMonthOfSales, SalesColumns, Sales);
        return $"""
            SELECT pg_current_snapshot()::text, count(*) || '-' || coalesce(sum(hashtextextended(
                ROW({string.Join(", ", columns.Where(has.Contains))})::text, 0)), 0)
            FROM {table} WHERE {month}
            """;
    }

    /// <summary>The newest day of the part.</summary>
    public string NewestSql(Mart part) =>
        (part, HasVersions) switch
        {
            (Mart.Warehouse, true) => "SELECT max(sale_month) FROM summary_sales",
            (Mart.Operational, true) => "SELECT max(sale_date) FROM pg_sales",
            _ when ReadsSummary(part) => "SELECT max(sale_month::date) FROM summary_sales",
            _ => "SELECT max(sale_date::date) FROM pg_sales",
        };

    private const string ForeignMonthOfSales = "sale_date::date BETWEEN $1 AND $2";

    private string ForeignCount => Sales.Contains("transaction_id") ? "count(DISTINCT transaction_id)" : "count(*)";

    private string ForeignQuantity => Column(Sales, "quantity", "sum(quantity)::bigint");

    private bool ReadsSummary(Mart part) => part == Mart.Warehouse && Summary.Count > 0;

    private static string Column(IReadOnlySet<string> columns, string name, string expression) =>
        columns.Contains(name) ? expression : "NULL";
}
