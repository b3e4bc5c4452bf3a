using TransactionPipeline.Core.Marts.Sqlite;

namespace TransactionPipeline.Benchmarks.Load;

/// <summary>What <c>sqlite3</c> is given: import as text, cast, and then the very statements of the embedded mart.</summary>
internal static class SqliteScript
{
    /// <summary>The id as it is: less work than the pipeline has.</summary>
    public const string PlainId = "CAST(transaction_id AS BLOB)";

    /// <summary>The id hashed to 32 bytes by the only function the program has for it.</summary>
    public const string HashedId = "sha3(transaction_id, 256)";

    public static string Write(string file, string database, string id) =>
        $"""
        PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
        {string.Join('\n', MartSchema.Migrations)}
        ATTACH '{database}-staged' AS staged;
        PRAGMA staged.journal_mode = OFF; PRAGMA staged.synchronous = OFF;
        CREATE TABLE staged.text (transaction_id TEXT, product TEXT, price TEXT, quantity TEXT, date TEXT);
        .import --csv --schema staged --skip 1 "{file}" text
        {MartSql.CreateStaged.Replace("TABLE transactions", "TABLE staged.transactions", StringComparison.Ordinal)};
        INSERT INTO staged.transactions
        SELECT {id}, nullif(product, ''), CAST(round(price * 10000) AS INTEGER), CAST(quantity AS INTEGER),
               CAST(replace(date, '-', '') AS INTEGER)
        FROM staged.text;
        BEGIN;
        {MartSql.Compare};
        {MartSql.MarkDirty};
        {MartSql.Upsert};
        {MartSql.CountLoaded.Replace("$batch", "'batch'", StringComparison.Ordinal)};
        {MartSql.DropIncoming};
        COMMIT;
        BEGIN;
        {MartSql.DeleteSales};
        {MartSql.InsertSales.Replace("$prefix", "'Halal'", StringComparison.Ordinal).Replace("$max_quantity", "100", StringComparison.Ordinal)};
        {MartSql.DeleteSummaries};
        {MartSql.InsertSummaries};
        {MartSql.BumpVersions.Replace("$now", "1", StringComparison.Ordinal)};
        {MartSql.ClearDirty};
        COMMIT;

        """;
}
