using System.Globalization;
using Npgsql;
using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Simulation;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Postgres;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>The operational mart, in PostgreSQL beside the shared store.</summary>
internal sealed class OperationalMart(Observer observer, PostgresServer server, PostgresOptions options, Dice dice)
    : ChaosMart(observer, Mart.Operational, dice)
{
    private readonly string _database = options.Database;
    private string _amount = "amount";
    private string _version = "version";

    /// <summary>Makes its tables, as the program does.</summary>
    public async Task MakeAsync()
    {
        await using var database = new PostgresDatabase(options, TimeProvider.System);
        using var schema = PostgresMart.SchemaIn(database);
        await schema.EnsureAsync(CancellationToken.None);
    }

    /// <summary>Holds up whoever reads its rows, until disposed.</summary>
    public async Task<NpgsqlConnection> LockAsync()
    {
        var blocking = await OpenAsync();
        await ExecuteAsync(blocking, "BEGIN READ WRITE");
        await ExecuteAsync(blocking, "LOCK TABLE pg_sales IN ACCESS EXCLUSIVE MODE");
        return blocking;
    }

    protected override async Task CommitAsync(Month month, IReadOnlyList<SaleRow> rows, Action<long> committing)
    {
        await using var connection = await OpenAsync();
        // A read-only store is no read-only mart.
        await ExecuteAsync(connection, "BEGIN READ WRITE");
        await ExecuteAsync(connection, PostgresMartSql.LockWriters);
        await ExecuteAsync(connection, "DELETE FROM pg_sales WHERE sale_date = $1", month.FirstDay);
        foreach (var row in rows)
        {
            await ExecuteAsync(
                connection,
                $"INSERT INTO pg_sales (transaction_id, product, price, quantity, {_amount}, sale_date) VALUES ($1, $2, $3, 1, $3, $4)",
                $"{ChaosKeys.Products.ToList().IndexOf(row.Product):x64}", row.Product, decimal.Parse(row.Figures, CultureInfo.InvariantCulture), month.FirstDay);
        }
        var version = await ExecuteAsync(
            connection,
            $"""
            INSERT INTO mart_versions AS known (mart, month, {_version}, changed_at)
            VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, clock_timestamp())
            ON CONFLICT (mart, month) DO UPDATE
            SET {_version} = greatest(known.{_version} + 1, excluded.{_version}), changed_at = excluded.changed_at
            RETURNING {_version}
            """,
            Name, month.FirstDay);
        await ExecuteAsync(connection, "SELECT pg_notify($1, $2)", PostgresMart.Channel, month.ToString());
        committing((long)version!);
        await ExecuteAsync(connection, "COMMIT");
    }

    protected override async Task<long> ReadVersionAsync(Month month)
    {
        await using var connection = await OpenAsync();
        await ExecuteAsync(connection, "BEGIN");
        // Whoever had it before has committed, or never will.
        await ExecuteAsync(connection, PostgresMartSql.LockWriters);
        return (long)(await ExecuteAsync(connection, $"SELECT {_version} FROM mart_versions WHERE mart = $1 AND month = $2", Name, month.FirstDay))!;
    }

    protected override bool IsAway(Exception failure) => failure is NpgsqlException or TimeoutException or IOException;

    protected override async Task BreakNowAsync(bool tokensToo)
    {
        await RenameAsync("pg_sales", _amount, "lost");
        _amount = "lost";
        if (!tokensToo) return;
        await RenameAsync("mart_versions", _version, "lost");
        _version = "lost";
    }

    protected override async Task MendNowAsync()
    {
        await RenameAsync("pg_sales", _amount, "amount");
        _amount = "amount";
        await RenameAsync("mart_versions", _version, "version");
        _version = "version";
    }

    private async Task RenameAsync(string table, string column, string name)
    {
        if (column == name) return;
        await using var connection = await OpenAsync();
        await ExecuteAsync(connection, $"ALTER TABLE {table} RENAME COLUMN {column} TO {name}");
    }

    // Without a time-out: a server that stands still goes on, and one that ends says so.
    private Task<NpgsqlConnection> OpenAsync() => server.ConnectAsync(_database, settings => settings.CommandTimeout = 0);

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync();
    }
}
