namespace TransactionPipeline.Core.Marts.Sqlite;

/// <summary>The statements that load and transform, apart from the code so that the benchmark gives the same ones to <c>sqlite3</c>.</summary>
internal static class MartSql
{
    /// <summary>Table of a batch's own file, attached as <c>staged</c>. Its rowid is the order of the lines.</summary>
    public const string CreateStaged =
        """
        CREATE TABLE transactions (
            transaction_id BLOB NOT NULL,
            product TEXT,
            price INTEGER NOT NULL,
            quantity INTEGER NOT NULL,
            date INTEGER NOT NULL
        ) STRICT
        """;

    public const string InsertStaged = "INSERT INTO transactions VALUES (?1, ?2, ?3, ?4, ?5)";

    /// <summary>
    /// The last line of each id, in the order of the key (so that the tree of raw_transactions is written from left to right), beside
    /// what is there: change 0 is the same, 1 new, 2 other. SQLite takes the plain columns beside max() from the row of the maximum.
    /// </summary>
    public const string Compare =
        """
        CREATE TEMP TABLE incoming AS
        SELECT new.transaction_id, new.product, new.price, new.quantity, new.date,
               CASE WHEN old.transaction_id IS NULL THEN 1
                    WHEN (new.product, new.price, new.quantity, new.date) IS NOT (old.product, old.price, old.quantity, old.date) THEN 2
                    ELSE 0 END AS change,
               old.date AS old_date
        FROM (SELECT transaction_id, product, price, quantity, date, max(rowid) FROM staged.transactions GROUP BY transaction_id) AS new
        LEFT JOIN main.raw_transactions AS old ON old.transaction_id = new.transaction_id
        """;

    /// <summary>A corrected date changes two months: the one the sale leaves and the one it enters.</summary>
    public const string MarkDirty =
        """
        INSERT OR IGNORE INTO dirty_months
        SELECT date / 100 FROM incoming WHERE change > 0
        UNION
        SELECT old_date / 100 FROM incoming WHERE change = 2
        """;

    public const string Upsert =
        """
        INSERT INTO raw_transactions (transaction_id, product, price, quantity, date)
        SELECT transaction_id, product, price, quantity, date FROM incoming WHERE change > 0
        ON CONFLICT (transaction_id) DO UPDATE
        SET product = excluded.product, price = excluded.price, quantity = excluded.quantity, date = excluded.date
        """;

    public const string CountLoaded =
        """
        INSERT INTO loaded_batches
        SELECT $batch, total(change = 1), total(change = 2), total(change = 0), (SELECT count(*) FROM staged.transactions) - count(*)
        FROM incoming
        """;

    public const string DropIncoming = "DROP TABLE temp.incoming";

    public const string MarkAllDirty =
        "INSERT OR IGNORE INTO dirty_months SELECT date / 100 FROM raw_transactions UNION SELECT month FROM summary_sales";

    public const string DeleteSales = "DELETE FROM fact_sales WHERE month IN (SELECT month FROM dirty_months)";

    public const string InsertSales =
        """
        INSERT INTO fact_sales (month, product, transaction_id, price, quantity, amount, sale_date)
        SELECT date / 100, product, transaction_id, price, quantity, price * quantity, date
        FROM raw_transactions
        WHERE date / 100 IN (SELECT month FROM dirty_months)
          AND substr(product, 1, length($prefix)) = $prefix AND price > 0 AND quantity <= $max_quantity
        ORDER BY 1, 2, 3
        """;

    public const string DeleteSummaries = "DELETE FROM summary_sales WHERE month IN (SELECT month FROM dirty_months)";

    /// <summary>The mean is rounded half up in whole numbers (prices are above 0), so that every store gives the same.</summary>
    public const string InsertSummaries =
        """
        INSERT INTO summary_sales (month, product, transaction_id, total_amount, avg_price, transaction_count, total_quantity)
        SELECT month, product, min(transaction_id), sum(amount), (2 * sum(price) + count(*)) / (2 * count(*)), count(*), sum(quantity)
        FROM fact_sales
        WHERE month IN (SELECT month FROM dirty_months)
        GROUP BY month, product
        """;

    /// <summary>
    /// A version never falls below the clock: a mart file that was deleted and made anew does not repeat the versions that snapshots
    /// in the shared store still name.
    /// </summary>
    public const string BumpVersions =
        """
        INSERT INTO mart_versions (mart, month, version, changed_at)
        SELECT mart, month, $now, $now FROM dirty_months, (SELECT 'warehouse' AS mart UNION ALL SELECT 'operational') WHERE true
        ON CONFLICT (mart, month) DO UPDATE SET version = max(version + 1, excluded.version), changed_at = excluded.changed_at
        """;

    public const string ClearDirty = "DELETE FROM dirty_months";
}
