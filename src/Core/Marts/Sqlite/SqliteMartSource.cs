using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Core.Marts.Sqlite;

/// <summary>The embedded mart's reading side, for one of the two marts.</summary>
/// <param name="mart">The mart's file, see <see cref="SqliteMart"/>.</param>
/// <param name="part">Summaries by month, or single sales.</param>
public sealed class SqliteMartSource(SqliteDatabase mart, Mart part) : IMartSource
{
    // What a month that was never changed says.
    private const string NoVersion = "0";

    /// <inheritdoc/>
    public string Store => SqliteMart.StoreName;

    /// <inheritdoc/>
    public Task<StoreIdentity> IdentifyAsync(CancellationToken cancellationToken) => mart.IdentifyAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken) => ReadAsync(
        "SELECT version FROM mart_versions WHERE mart = $mart AND month = $month",
        reader => reader.Read() ? $"{reader.GetInt64(0)}" : NoVersion,
        [("$mart", part.Name()), ("$month", MartUnits.FromMonth(month))],
        cancellationToken);

    /// <inheritdoc/>
    public Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        if (key.Mart != part) throw new ArgumentException($"This is the {part.Name()} mart.", nameof(key));
        if (!key.HasText) return Task.FromResult(MartRows.Empty);
        // The rows come in the order of the key, (month, product, id), which compares bytes: those with the prefix are neighbours. The
        // loop ends at the first one without it, so no upper bound must be made up, and % and _ mean nothing.
        var sql = part == Mart.Warehouse
            ? $"SELECT {SqliteMart.SummaryColumns} FROM summary_sales WHERE month = $month AND product >= $prefix ORDER BY product"
            : """
              SELECT transaction_id, product, amount, price, sale_date, quantity FROM fact_sales
              WHERE month = $month AND product >= $prefix ORDER BY product, transaction_id
              """;
        return ReadAsync(
            sql,
            reader =>
            {
                var rows = new MartRowsBuilder();
                while (reader.Read())
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var row = part == Mart.Warehouse ? SqliteMart.ReadSummary(reader, key.Month) : ReadSale(reader);
                    if (!row.Product.StartsWith(key.Prefix, StringComparison.Ordinal)) break;
                    rows.Add(row);
                }
                return rows.Build();
            },
            [("$month", MartUnits.FromMonth(key.Month)), ("$prefix", key.Prefix)],
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken) => ReadAsync(
        $"SELECT max(month) FROM {(part == Mart.Warehouse ? "summary_sales" : "fact_sales")}",
        reader => reader.Read() && !reader.IsDBNull(0) ? MartUnits.ToMonth(reader.GetInt32(0)) : (Month?)null,
        [],
        cancellationToken);

    private static MartRow ReadSale(SqliteDataReader reader) => new(
        SqliteMart.ReadId(reader, 0),
        reader.GetString(1),
        MartUnits.ToDay(reader.GetInt32(4)),
        MartUnits.ToMoney(reader.GetInt64(2)),
        MartUnits.ToMoney(reader.GetInt64(3)),
        TransactionCount: 1,
        reader.GetInt64(5));

    // One statement is one snapshot of the mart. SQLite reads on the caller's thread, so the work goes to another.
    private async Task<T> ReadAsync<T>(
        string sql, Func<SqliteDataReader, T> read, IReadOnlyList<(string Name, object Value)> parameters, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await mart.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
            return await Task.Run(
                () =>
                {
                    using var reader = command.ExecuteReader();
                    return read(reader);
                },
                cancellationToken);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.ToMartException(error);
        }
    }
}
