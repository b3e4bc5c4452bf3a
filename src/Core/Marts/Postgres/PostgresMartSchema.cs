namespace TransactionPipeline.Core.Marts.Postgres;

/// <summary>
/// The marts in PostgreSQL. One copy of the rows plays both parts: where two servers have a table each, the warehouse's name
/// is a view. Text is in collation C, so that the order and the comparisons are those of bytes; no product stands in an index, because
/// a name may be longer than an index holds.
/// </summary>
internal static class PostgresMartSchema
{
    public static IReadOnlyList<string> Migrations { get; } =
    [
        """
        CREATE TABLE transactions (
            transaction_id text COLLATE "C" PRIMARY KEY,
            product text COLLATE "C",
            price numeric(13,4) NOT NULL,
            quantity integer NOT NULL,
            date date NOT NULL
        );
        CREATE INDEX transactions_by_date ON transactions (date);
        CREATE VIEW raw_transactions AS SELECT transaction_id, product, price, quantity, date FROM transactions;

        CREATE TABLE pg_sales (
            transaction_id text COLLATE "C" NOT NULL,
            product text COLLATE "C" NOT NULL,
            price numeric(13,4) NOT NULL,
            quantity integer NOT NULL,
            amount numeric(20,4) NOT NULL,
            sale_date date NOT NULL,
            PRIMARY KEY (sale_date, transaction_id)
        );
        CREATE VIEW fact_sales AS SELECT transaction_id, product, price, quantity, amount, sale_date FROM pg_sales;

        CREATE TABLE summary_sales (
            transaction_id text COLLATE "C" NOT NULL,
            product text COLLATE "C" NOT NULL,
            sale_month date NOT NULL,
            total_amount numeric(24,4) NOT NULL,
            avg_price numeric(13,4) NOT NULL,
            transaction_count bigint NOT NULL,
            total_quantity bigint NOT NULL
        );
        CREATE INDEX summary_sales_by_month ON summary_sales (sale_month);

        CREATE TABLE loaded_batches (
            id text COLLATE "C" PRIMARY KEY,
            inserted bigint NOT NULL,
            replaced bigint NOT NULL,
            unchanged bigint NOT NULL,
            duplicates bigint NOT NULL
        );

        CREATE TABLE dirty_months (month date PRIMARY KEY);

        CREATE TABLE applied_filter (
            id integer PRIMARY KEY CHECK (id = 1),
            product_prefix text COLLATE "C" NOT NULL,
            max_quantity integer NOT NULL
        );

        CREATE TABLE mart_versions (
            mart text COLLATE "C" NOT NULL,
            month date NOT NULL,
            version bigint NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (mart, month)
        );
        """,
    ];
}
