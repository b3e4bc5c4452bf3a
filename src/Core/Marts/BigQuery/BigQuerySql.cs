namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>
/// The scripts that load and transform. Each is one transaction, and one job: it happens whole or not at all. Values are parameters; the
/// only text put in is the tables' names, which <see cref="BigQueryTables"/> has checked.
/// </summary>
internal static class BigQuerySql
{
    public static string ReadCounts(BigQueryTables tables) =>
        $"SELECT inserted, replaced, unchanged, duplicates FROM {tables.Sql(tables.LoadedBatches)} WHERE id = @batch";

    /// <summary>
    /// The last line of each id beside what is there: change 0 is the same, 1 new, 2 other. A batch that was loaded before is not loaded
    /// again, which would undo a correction that came after it: "incoming" is empty then, and so is everything that follows from it.
    /// </summary>
    public static string Load(BigQueryTables tables, string batchId) =>
        $"""
        BEGIN TRANSACTION;

        CREATE TEMP TABLE incoming AS
        SELECT source.transaction_id, source.product, source.price, source.quantity, source.date,
               CASE WHEN held.transaction_id IS NULL THEN 1
                    WHEN source.product IS DISTINCT FROM held.product OR source.price != held.price
                      OR source.quantity != held.quantity OR source.date != held.date THEN 2
                    ELSE 0 END AS change,
               held.date AS held_date
        FROM (
          SELECT transaction_id, product, price, quantity, date, ROW_NUMBER() OVER (PARTITION BY transaction_id ORDER BY line DESC) AS place
          FROM {tables.Sql(tables.Staging(batchId))}
        ) AS source
        LEFT JOIN {tables.Sql(tables.Raw)} AS held ON held.transaction_id = source.transaction_id
        WHERE source.place = 1 AND NOT EXISTS (SELECT 1 FROM {tables.Sql(tables.LoadedBatches)} WHERE id = @batch);

        INSERT INTO {tables.Sql(tables.DirtyMonths)} (month)
        SELECT DATE_TRUNC(date, MONTH) FROM incoming WHERE change > 0
        UNION DISTINCT
        SELECT DATE_TRUNC(held_date, MONTH) FROM incoming WHERE change = 2;

        INSERT INTO {tables.Sql(tables.LoadedBatches)} (id, inserted, replaced, unchanged, duplicates)
        SELECT @batch, counted.inserted, counted.replaced, counted.unchanged, staged.lines - counted.ids
        FROM (
          SELECT COUNTIF(change = 1) AS inserted, COUNTIF(change = 2) AS replaced, COUNTIF(change = 0) AS unchanged, COUNT(*) AS ids
          FROM incoming
        ) AS counted
        CROSS JOIN (SELECT COUNT(*) AS lines FROM {tables.Sql(tables.Staging(batchId))}) AS staged
        WHERE NOT EXISTS (SELECT 1 FROM {tables.Sql(tables.LoadedBatches)} WHERE id = @batch);

        MERGE INTO {tables.Sql(tables.Raw)} AS held
        USING (SELECT transaction_id, product, price, quantity, date FROM incoming WHERE change > 0) AS source
        ON held.transaction_id = source.transaction_id
        WHEN MATCHED THEN UPDATE SET product = source.product, price = source.price, quantity = source.quantity, date = source.date
        WHEN NOT MATCHED THEN INSERT (transaction_id, product, price, quantity, date)
          VALUES (source.transaction_id, source.product, source.price, source.quantity, source.date);

        COMMIT TRANSACTION;
        """;

    /// <summary>
    /// Every month of which the mart has, or may have after another filter, rows; and those that are marked, or a month whose last sale
    /// was moved away would stay so.
    /// </summary>
    public static string AllMonths(BigQueryTables tables) =>
        $"""
        SELECT DATE_TRUNC(date, MONTH) AS month FROM {tables.Sql(tables.Raw)}
        UNION DISTINCT
        SELECT sale_month FROM {tables.Sql(tables.Summaries)}
        UNION DISTINCT
        SELECT month FROM {tables.Sql(tables.DirtyMonths)}
        """;

    /// <summary>
    /// @first and @last are the ends of @months: constants that let BigQuery leave out the other partitions. The mean is rounded half up in
    /// whole ten-thousandths (prices are above 0), so that every store gives the same; AVG would round to 9 decimals before.
    /// </summary>
    public static string Transform(BigQueryTables tables) =>
        $"""
        BEGIN TRANSACTION;

        DELETE FROM {tables.Sql(tables.AppliedFilter)} WHERE TRUE;
        INSERT INTO {tables.Sql(tables.AppliedFilter)} (product_prefix, max_quantity) VALUES (@prefix, @max_quantity);

        DELETE FROM {tables.Sql(tables.Sales)}
        WHERE sale_date BETWEEN @first AND @last AND DATE_TRUNC(sale_date, MONTH) IN UNNEST(@months);

        INSERT INTO {tables.Sql(tables.Sales)} (transaction_id, product, price, quantity, amount, sale_date)
        SELECT transaction_id, product, price, quantity, price * quantity, date
        FROM {tables.Sql(tables.Raw)}
        WHERE date BETWEEN @first AND @last AND DATE_TRUNC(date, MONTH) IN UNNEST(@months)
          AND STARTS_WITH(product, @prefix) AND price > 0 AND quantity <= @max_quantity;

        DELETE FROM {tables.Sql(tables.Summaries)} WHERE sale_month IN UNNEST(@months);

        INSERT INTO {tables.Sql(tables.Summaries)}
          (transaction_id, product, sale_month, total_amount, avg_price, transaction_count, total_quantity)
        SELECT MIN(transaction_id), product, DATE_TRUNC(sale_date, MONTH), SUM(amount),
               DIV(2 * 10000 * SUM(price) + COUNT(*), 2 * COUNT(*)) / 10000, COUNT(*), SUM(quantity)
        FROM {tables.Sql(tables.Sales)}
        WHERE sale_date BETWEEN @first AND @last AND DATE_TRUNC(sale_date, MONTH) IN UNNEST(@months)
        GROUP BY product, DATE_TRUNC(sale_date, MONTH);

        MERGE INTO {tables.Sql(tables.Versions)} AS held
        USING (SELECT month FROM UNNEST(@months) AS month) AS changed
        ON held.mart = 'warehouse' AND held.month = changed.month
        WHEN MATCHED THEN UPDATE SET version = GREATEST(held.version + 1, @now), changed_at = CURRENT_TIMESTAMP()
        WHEN NOT MATCHED THEN INSERT (mart, month, version, changed_at) VALUES ('warehouse', changed.month, @now, CURRENT_TIMESTAMP());

        DELETE FROM {tables.Sql(tables.DirtyMonths)} WHERE month IN UNNEST(@months);

        COMMIT TRANSACTION;
        """;

    public static string ReadSummary(BigQueryTables tables) =>
        $"""
        SELECT transaction_id, product, sale_month, total_amount, avg_price, transaction_count, total_quantity
        FROM {tables.Sql(tables.Summaries)} ORDER BY sale_month, product
        """;
}
