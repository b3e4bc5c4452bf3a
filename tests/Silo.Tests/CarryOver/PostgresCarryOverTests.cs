using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Silo.Tests.CarryOver;

/// <summary>A PostgreSQL database of 1.0, which was both marts and the shared store.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresCarryOverTests(PostgresFixture server) : CarryOverContract
{
    private PostgresOptions _options = null!;

    protected override string[] Runs => ["01a217b3d0e0756fb85c3edfc8a54a0b", "01a217b3c6a976ac9a96a9a1f8bd0d5e"];

    protected override async Task<Dictionary<string, string>> StoredAsync()
    {
        _options = await server.CreateDatabaseAsync();
        await server.ExecuteAsync(
            _options.Database,
            await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "Silo.Tests", "CarryOver", "postgres-1.0.sql")));
        return new(StringComparer.Ordinal)
        {
            ["data_warehouse__postgres__host"] = _options.Host,
            ["data_warehouse__postgres__port"] = $"{_options.Port}",
            ["data_warehouse__postgres__dbname"] = _options.Database,
            ["data_warehouse__postgres__user"] = _options.User!,
            ["data_warehouse__postgres__password"] = _options.Password!,
        };
    }

    protected override Task BreakMartsAsync() => server.ExecuteAsync(
        _options.Database, "ALTER TABLE pg_sales RENAME TO gone; ALTER TABLE summary_sales RENAME TO gone_too");
}
