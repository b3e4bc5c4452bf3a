using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Core.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class MigrationTests(PostgresFixture server)
{
    [Fact]
    public async Task Ensure_RacedByManyProcesses_MigratesOnce()
    {
        var options = await server.CreateDatabaseAsync();
        string[] migrations = ["CREATE TABLE one (x integer)", "INSERT INTO one VALUES (1)"];

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            await using var database = new PostgresDatabase(options, TimeProvider.System);
            using var schema = new PostgresSchema(database, "test", migrations);
            await schema.EnsureAsync(CancellationToken.None);
        })));

        Assert.Equal(1L, await server.ExecuteAsync(options.Database, "SELECT count(*) FROM one"));
    }

    [Fact]
    public async Task Ensure_SchemaOfANewerProgram_IsTakenAsItIs()
    {
        var options = await server.CreateDatabaseAsync();
        await using var database = new PostgresDatabase(options, TimeProvider.System);
        using (var newer = new PostgresSchema(database, "test", ["CREATE TABLE one (x integer)", "ALTER TABLE one ADD y integer"]))
            await newer.EnsureAsync(CancellationToken.None);

        using var older = new PostgresSchema(database, "test", ["CREATE TABLE one (x integer)"]);
        await older.EnsureAsync(CancellationToken.None);

        Assert.Equal(2, await server.ExecuteAsync(options.Database, "SELECT version FROM schema_versions WHERE name = 'test'"));
    }

    [Fact]
    public async Task Ensure_StoreOfTheVersionBefore_IsUpgradedBesideItAndBothGoOn()
    {
        var options = await server.CreateDatabaseAsync();
        await using var database = new PostgresDatabase(options, TimeProvider.System);
        using (var before = new PostgresSchema(database, "store", [.. PostgresStoreSchema.Migrations.Take(1)]))
            await before.EnsureAsync(CancellationToken.None);
        const string oldReplicaWrites = "INSERT INTO leases VALUES ('k', 'old', 1, now()) ON CONFLICT (name) DO UPDATE SET fence = leases.fence + 1";
        await server.ExecuteAsync(options.Database, oldReplicaWrites);

        using var store = new PostgresStore(database);
        var lease = await new PostgresLeaseStore(store).TryAcquireAsync("k", "new", TimeSpan.FromMinutes(1), CancellationToken.None);
        await server.ExecuteAsync(options.Database, oldReplicaWrites);
        using var restarted = new PostgresSchema(database, "store", [.. PostgresStoreSchema.Migrations.Take(1)]);
        await restarted.EnsureAsync(CancellationToken.None);

        Assert.Equal(2, lease!.Fence);
        Assert.Equal(3L, await server.ExecuteAsync(options.Database, "SELECT fence FROM leases"));
        Assert.Equal(
            PostgresStoreSchema.Migrations.Count, await server.ExecuteAsync(options.Database, "SELECT version FROM schema_versions WHERE name = 'store'"));
    }

    [Fact]
    public async Task Ensure_MigrationFails_LeavesNothingOfIt()
    {
        var options = await server.CreateDatabaseAsync();
        await using var database = new PostgresDatabase(options, TimeProvider.System);
        using var broken = new PostgresSchema(database, "test", ["CREATE TABLE one (x integer)", "SELECT * FROM nowhere"]);

        var failed = await Assert.ThrowsAsync<PostgresFailure>(() => broken.EnsureAsync(CancellationToken.None));

        Assert.DoesNotContain("nowhere", failed.ToString(), StringComparison.Ordinal);
        Assert.Equal(0L, await server.ExecuteAsync(options.Database, "SELECT count(*) FROM pg_class WHERE relname = 'one'"));
    }
}
