namespace TransactionPipeline.Core.Marts.Postgres;

/// <summary>The statements that load and transform, apart from the code so that the benchmark gives the same ones to <c>psql</c>.</summary>
internal static class PostgresMartSql
{
    /// <summary>
    /// One who writes to the mart at a time, as in SQLite: two loads that upserted the same ids in turn could wait for each other
    /// for ever, and a transform must not see half of a load's dirty months. Readers are not held up.
    /// </summary>
    public const string LockWriters = "SELECT pg_advisory_xact_lock(8245928655720965234)";

    /// <summary>Sorting and hashing a million rows in memory; it ends with the transaction.</summary>
    public const string MoreMemory = "SET LOCAL work_mem = '128MB'";

    public static string StagedTable(string batchId) => $"\"staged_{batchId}\"";

    // Logged: a completed batch must survive a crash, and an unlogged table is emptied by one.
    public static string CreateStaged(string batchId) =>
        $"""
        CREATE TABLE {StagedTable(batchId)} (
            line bigint NOT NULL,
            transaction_id text COLLATE "C" NOT NULL,
            product text COLLATE "C",
            price numeric(13,4) NOT NULL,
            quantity integer NOT NULL,
            date date NOT NULL
        )
        """;

    public static string DropStaged(string batchId) => $"DROP TABLE IF EXISTS {StagedTable(batchId)}";

    // The table was made in the same transaction, so its rows may be written frozen: nobody else can see it, and no vacuum visits it again.
    public static string CopyStaged(string batchId) =>
        $"COPY {StagedTable(batchId)} (line, transaction_id, product, price, quantity, date) FROM STDIN (FORMAT binary, FREEZE)";

    /// <summary>The last line of each id, beside what is there: change 0 is the same, 1 new, 2 other.</summary>
    public static string Compare(string batchId) =>
        $"""
        CREATE TEMP TABLE incoming ON COMMIT DROP AS
        SELECT new.transaction_id, new.product, new.price, new.quantity, new.date,
               CASE WHEN old.transaction_id IS NULL THEN 1
                    WHEN (new.product, new.price, new.quantity, new.date) IS DISTINCT FROM (old.product, old.price, old.quantity, old.date) THEN 2
                    ELSE 0 END AS change,
               old.date AS old_date
        FROM (SELECT DISTINCT ON (transaction_id) transaction_id, product, price, quantity, date
              FROM {StagedTable(batchId)} ORDER BY transaction_id, line DESC) AS new
        LEFT JOIN transactions AS old ON old.transaction_id = new.transaction_id
        """;

    /// <summary>A corrected date changes two months: the one the sale leaves and the one it enters.</summary>
    public const string MarkDirty =
        """
        INSERT INTO dirty_months
        SELECT date_trunc('month', date)::date FROM incoming WHERE change > 0
        UNION
        SELECT date_trunc('month', old_date)::date FROM incoming WHERE change = 2
        ON CONFLICT DO NOTHING
        """;

    /// <summary>In the order of the key, so that its index is written from left to right.</summary>
    public const string Upsert =
        """
        INSERT INTO transactions (transaction_id, product, price, quantity, date)
        SELECT transaction_id, product, price, quantity, date FROM incoming WHERE change > 0 ORDER BY transaction_id
        ON CONFLICT (transaction_id) DO UPDATE
        SET product = excluded.product, price = excluded.price, quantity = excluded.quantity, date = excluded.date
        """;

    public static string CountLoaded(string batchId) =>
        $"""
        INSERT INTO loaded_batches
        SELECT $1, count(*) FILTER (WHERE change = 1), count(*) FILTER (WHERE change = 2), count(*) FILTER (WHERE change = 0),
               (SELECT count(*) FROM {StagedTable(batchId)}) - count(*)
        FROM incoming
        RETURNING inserted, replaced, unchanged, duplicates
        """;

    /// <summary>Another prefix ($1) or limit ($2) makes other marts of the same rows.</summary>
    public const string ApplyFilter =
        """
        INSERT INTO applied_filter AS applied VALUES (1, $1, $2)
        ON CONFLICT (id) DO UPDATE SET product_prefix = excluded.product_prefix, max_quantity = excluded.max_quantity
        WHERE applied.product_prefix <> excluded.product_prefix OR applied.max_quantity <> excluded.max_quantity
        """;

    public const string MarkAllDirty =
        """
        INSERT INTO dirty_months
        SELECT DISTINCT date_trunc('month', date)::date FROM transactions
        UNION
        SELECT sale_month FROM summary_sales
        ON CONFLICT DO NOTHING
        """;

    // The transform goes month by month ($1 its first day, $2 its last): the planner sees how much a month is, and memory is bounded by one.
    public const string DeleteSales = "DELETE FROM pg_sales WHERE sale_date BETWEEN $1 AND $2";

    public const string InsertSales =
        """
        INSERT INTO pg_sales (transaction_id, product, price, quantity, amount, sale_date)
        SELECT transaction_id, product, price, quantity, price * quantity, date
        FROM transactions
        WHERE date BETWEEN $1 AND $2 AND starts_with(product, $3) AND price > 0 AND quantity <= $4
        ORDER BY date, transaction_id
        """;

    public const string DeleteSummaries = "DELETE FROM summary_sales WHERE sale_month = $1";

    /// <summary>
    /// The mean is rounded half up in whole ten-thousandths (prices are above 0), as every store does it: avg() and / keep some twenty
    /// digits of the mean, and rounding those would round twice.
    /// </summary>
    public const string InsertSummaries =
        """
        INSERT INTO summary_sales (transaction_id, product, sale_month, total_amount, avg_price, transaction_count, total_quantity)
        SELECT min(transaction_id), product, $1, sum(amount), div(20000 * sum(price) + count(*), 2 * count(*)) * 0.0001, count(*), sum(quantity)
        FROM pg_sales
        WHERE sale_date BETWEEN $1 AND $2
        GROUP BY product
        ORDER BY product
        """;

    /// <summary>
    /// A version never falls below the clock: a database that was dropped and made anew does not repeat the versions that snapshots
    /// elsewhere still name.
    /// </summary>
    public const string BumpVersions =
        """
        INSERT INTO mart_versions AS known (mart, month, version, changed_at)
        SELECT mart, month, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, clock_timestamp()
        FROM dirty_months, (VALUES ('warehouse'), ('operational')) AS marts (mart)
        ON CONFLICT (mart, month) DO UPDATE SET version = greatest(known.version + 1, excluded.version), changed_at = excluded.changed_at
        """;

    public const string ClearDirty = "DELETE FROM dirty_months";
}
