using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Core.Marts.Sqlite;

/// <summary>The embedded mart as a SQLite file, <c>mart.db</c> in the state directory.</summary>
public static class SqliteMart
{
    /// <summary>The key under which a host registers the mart's <see cref="SqliteDatabase"/>.</summary>
    public const string ServiceKey = "mart";

    internal const string StoreName = "sqlite";

    internal const string SummaryColumns = "transaction_id, product, total_amount, avg_price, transaction_count, total_quantity";

    internal const int SummaryColumnCount = 6;

    /// <summary>The mart of this state directory; the file is made at first use.</summary>
    public static SqliteDatabase In(StateOptions state) => new(state.PathOf("mart.db"), MartSchema.Migrations);

    /// <summary>The writing side of the mart of this state directory.</summary>
    public static SqliteTransactionStore StoreIn(SqliteDatabase mart, StateOptions state, TimeProvider time) =>
        new(mart, state.PathOf("staging"), time);

    internal static MartRow ReadSummary(SqliteDataReader reader, Month month) => new(
        ReadId(reader, 0),
        reader.GetString(1),
        month.FirstDay,
        MartUnits.ToMoney(reader.GetInt64(2)),
        MartUnits.ToMoney(reader.GetInt64(3)),
        reader.GetInt64(4),
        reader.GetInt64(5));

    internal static string ReadId(SqliteDataReader reader, int column) =>
        Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(column));
}
