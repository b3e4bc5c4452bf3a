using System.Globalization;
using Microsoft.Data.Sqlite;
using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Simulation;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>The warehouse mart, in SQLite: out of the reach of whatever happens to PostgreSQL.</summary>
internal sealed class WarehouseMart(Observer observer, string directory, Dice dice) : ChaosMart(observer, Mart.Warehouse, dice)
{
    private readonly SqliteDatabase _database = SqliteMart.In(new StateOptions(directory));
    private string _rows = "summary_sales";
    private string _versions = "mart_versions";

    public override ValueTask DisposeAsync()
    {
        _database.Dispose();
        return base.DisposeAsync();
    }

    protected override async Task CommitAsync(Month month, IReadOnlyList<SaleRow> rows, Action<long> committing)
    {
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        await using var transaction = connection.BeginTransaction(deferred: false);
        var number = MartUnits.FromMonth(month);
        Execute(connection, $"DELETE FROM {_rows} WHERE month = $month", ("$month", number));
        foreach (var row in rows)
        {
            var id = new byte[32];
            id[^1] = (byte)ChaosKeys.Products.ToList().IndexOf(row.Product);
            var amount = MartUnits.FromMoney(decimal.Parse(row.Figures, CultureInfo.InvariantCulture));
            Execute(
                connection,
                $"""
                INSERT INTO {_rows} (month, product, transaction_id, total_amount, avg_price, transaction_count, total_quantity)
                VALUES ($month, $product, $id, $amount, $amount, 1, 1)
                """,
                ("$month", number), ("$product", row.Product), ("$id", id), ("$amount", amount));
        }
        var version = Execute(
            connection,
            $"""
            INSERT INTO {_versions} (mart, month, version, changed_at) VALUES ($mart, $month, $now, $now)
            ON CONFLICT (mart, month) DO UPDATE SET version = max(version + 1, excluded.version), changed_at = excluded.changed_at
            RETURNING version
            """,
            ("$mart", Name), ("$month", number), ("$now", TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()));
        committing((long)version!);
        transaction.Commit();
    }

    protected override async Task<long> ReadVersionAsync(Month month)
    {
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        return (long)Execute(
            connection, $"SELECT version FROM {_versions} WHERE mart = $mart AND month = $month", ("$mart", Name), ("$month", MartUnits.FromMonth(month)))!;
    }

    protected override bool IsAway(Exception failure) => failure is SqliteException;

    protected override async Task BreakNowAsync(bool tokensToo)
    {
        await RenameAsync(_rows, "lost_sales");
        _rows = "lost_sales";
        if (!tokensToo) return;
        await RenameAsync(_versions, "lost_versions");
        _versions = "lost_versions";
    }

    protected override async Task MendNowAsync()
    {
        await RenameAsync(_rows, "summary_sales");
        _rows = "summary_sales";
        await RenameAsync(_versions, "mart_versions");
        _versions = "mart_versions";
    }

    private async Task RenameAsync(string table, string name)
    {
        if (table == name) return;
        await using var connection = await _database.OpenAsync(CancellationToken.None);
        Execute(connection, $"ALTER TABLE {table} RENAME TO {name}");
    }

    private static object? Execute(SqliteConnection connection, string sql, params (string Name, object Value)[] values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        return command.ExecuteScalar();
    }
}
