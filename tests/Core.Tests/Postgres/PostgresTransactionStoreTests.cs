using Npgsql;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Postgres;
using static TransactionPipeline.Testing.MartHarness;

namespace TransactionPipeline.Core.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresTransactionStoreTests(PostgresFixture server) : TransactionStoreContract, IAsyncLifetime
{
    private PostgresMartHarness _mart = null!;

    protected override MartHarness Harness => _mart;

    public async Task InitializeAsync() => _mart = new PostgresMartHarness(await server.CreateDatabaseAsync());

    public async Task DisposeAsync() => await _mart.DisposeAsync();

    [Fact]
    public async Task Read_NothingLoadedYet_IsEmptyInBothParts()
    {
        Assert.Empty(await _mart.ReadAsync(Mart.Warehouse, "2023-10"));
        Assert.Empty(await _mart.ReadAsync(Mart.Operational, "2023-10"));
        Assert.Null(await _mart.Operational.FindNewestMonthAsync(CancellationToken.None));
        Assert.Equal("0", await _mart.TokenAsync(Mart.Warehouse, "2023-10"));
        Assert.False(_mart.Warehouse.IsCostlyToPoll);
    }

    [Fact]
    public async Task Transform_Changes_NotifiesTheMonths()
    {
        await using var listener = new NpgsqlConnection(server.ConnectionStringTo(_mart.Options.Database));
        await listener.OpenAsync();
        await using (var listen = new NpgsqlCommand($"LISTEN {PostgresMart.Channel}", listener)) await listen.ExecuteNonQueryAsync();
        var heard = new List<string>();
        listener.Notification += (_, notified) => heard.Add(notified.Payload);

        await _mart.LoadAsync(Sale("1", "Halal Tea", 1m, 1, "2023-10-01"), Sale("2", "Halal Tea", 1m, 1, "2023-12-01"));
        await _mart.TransformAsync();
        await listener.WaitAsync();

        Assert.Equal(["2023-10,2023-12"], heard);
    }

    [Fact]
    public async Task Views_WarehouseNames_ShowTheSameRows()
    {
        await _mart.LoadAsync(Sale("1", "Halal Tea", 1.5m, 2, "2023-10-01"));
        await _mart.TransformAsync();

        Assert.Equal(3.0m, await server.ExecuteAsync(_mart.Options.Database, "SELECT amount FROM fact_sales"));
        Assert.Equal(1.5m, await server.ExecuteAsync(_mart.Options.Database, "SELECT price FROM raw_transactions"));
    }

    [Fact]
    public async Task Stage_Completed_SurvivesACrashOfTheServer()
    {
        await using var own = new OwnServer();
        var crashing = await own.StartAsync();
        await using var mart = new PostgresMartHarness(await crashing.CreateDatabaseAsync());
        var batch = await mart.StageAsync(Sale("1", "Halal Tea", 1m, 1, "2023-10-01"));

        await crashing.StopAsync("immediate");
        await crashing.StartAsync();

        // The pool's connections died with the server: the first use of one says so, and is retried by the guard of the mart.
        var lost = await Assert.ThrowsAsync<MartException>(() => mart.Writer.LoadAsync(batch, CancellationToken.None));
        Assert.Equal(MartFailure.Transient, lost.Failure);
        Assert.Equal(new LoadCounts(1, 0, 0, 0), await mart.Writer.LoadAsync(batch, CancellationToken.None));
    }

    [Fact]
    public async Task Stage_BrokenOffOrDisposed_LeavesNoTable()
    {
        await using (var writer = await _mart.Writer.StageAsync("b1", CancellationToken.None))
            await writer.WriteAsync(new[] { Sale("T001", "Halal Tea", 1m, 1, "2023-10-01") }, CancellationToken.None);

        Assert.Equal(0L, await server.ExecuteAsync(
            _mart.Options.Database, "SELECT count(*) FROM pg_class WHERE relname LIKE 'staged%'"));
    }
}
