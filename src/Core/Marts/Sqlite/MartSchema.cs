namespace TransactionPipeline.Core.Marts.Sqlite;

/// <summary>
/// The embedded mart (<c>mart.db</c>). Money is whole ten-thousandths, a day is the number yyyymmdd and a month yyyymm, an id is the
/// hash's 32 bytes: exact, small, and a month is <c>date / 100</c>. Where two servers have a table each, the second
/// name is a view here, in the form that people read. STRICT turns an overflow into an error, where SQLite would go on in floating point.
/// </summary>
internal static class MartSchema
{
    public static IReadOnlyList<string> Migrations { get; } =
    [
        """
        CREATE TABLE raw_transactions (
            transaction_id BLOB NOT NULL PRIMARY KEY,
            product TEXT,
            price INTEGER NOT NULL,
            quantity INTEGER NOT NULL,
            date INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE VIEW transactions AS
        SELECT lower(hex(transaction_id)) AS transaction_id,
               product,
               CASE WHEN price < 0 THEN '-' ELSE '' END || format('%d.%04d', abs(price) / 10000, abs(price) % 10000) AS price,
               quantity,
               format('%04d-%02d-%02d', date / 10000, date / 100 % 100, date % 100) AS date
        FROM raw_transactions;

        CREATE TABLE fact_sales (
            month INTEGER NOT NULL,
            product TEXT NOT NULL,
            transaction_id BLOB NOT NULL,
            price INTEGER NOT NULL,
            quantity INTEGER NOT NULL,
            amount INTEGER NOT NULL,
            sale_date INTEGER NOT NULL,
            PRIMARY KEY (month, product, transaction_id)
        ) STRICT, WITHOUT ROWID;

        CREATE VIEW pg_sales AS
        SELECT lower(hex(transaction_id)) AS transaction_id,
               product,
               format('%d.%04d', price / 10000, price % 10000) AS price,
               quantity,
               CASE WHEN amount < 0 THEN '-' ELSE '' END || format('%d.%04d', abs(amount) / 10000, abs(amount) % 10000) AS amount,
               format('%04d-%02d-%02d', sale_date / 10000, sale_date / 100 % 100, sale_date % 100) AS sale_date
        FROM fact_sales;

        CREATE TABLE summary_sales (
            month INTEGER NOT NULL,
            product TEXT NOT NULL,
            transaction_id BLOB NOT NULL,
            total_amount INTEGER NOT NULL,
            avg_price INTEGER NOT NULL,
            transaction_count INTEGER NOT NULL,
            total_quantity INTEGER NOT NULL,
            PRIMARY KEY (month, product)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE loaded_batches (
            id TEXT NOT NULL PRIMARY KEY,
            inserted INTEGER NOT NULL,
            replaced INTEGER NOT NULL,
            unchanged INTEGER NOT NULL,
            duplicates INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE dirty_months (month INTEGER PRIMARY KEY) STRICT;

        CREATE TABLE applied_filter (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            product_prefix TEXT NOT NULL,
            max_quantity INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE mart_versions (
            mart TEXT NOT NULL,
            month INTEGER NOT NULL,
            version INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            PRIMARY KEY (mart, month)
        ) STRICT, WITHOUT ROWID;
        """,
    ];
}
