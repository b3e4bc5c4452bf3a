using TransactionPipeline.Core.Marts;
using static TransactionPipeline.Core.Tests.Marts.Sqlite.SqliteMartFixture;

namespace TransactionPipeline.Core.Tests.Marts.Sqlite;

public sealed class SqliteTransactionStoreTests : IDisposable
{
    private readonly SqliteMartFixture _mart = new();

    public void Dispose() => _mart.Dispose();

    [Fact]
    public async Task Transform_SampleFile_GivesTheMartsOfTheSeed()
    {
        var counts = await _mart.LoadAsync(
            Sale("T001", "Halal Laptop", 999.99m, 2, "2023-10-01"),
            Sale("T002", "Halal Mouse", 24.99m, 10, "2023-10-02"),
            Sale("T003", "Halal Keyboard", 49.99m, 5, "2023-10-03"),
            Sale("T004", null, 29.99m, 3, "2023-10-04"),
            Sale("T005", "Monitor", 199.99m, 2, "2023-10-05"));
        var months = await _mart.TransformAsync();

        Assert.Equal(new LoadCounts(5, 0, 0, 0), counts);
        Assert.Equal([Month.Parse("2023-10")], months);
        Assert.Equal(
            [
                new MartRow(Id("T003"), "Halal Keyboard", new(2023, 10, 1), 249.95m, 49.99m, 1, 5),
                new MartRow(Id("T001"), "Halal Laptop", new(2023, 10, 1), 1999.98m, 999.99m, 1, 2),
                new MartRow(Id("T002"), "Halal Mouse", new(2023, 10, 1), 249.90m, 24.99m, 1, 10),
            ],
            await _mart.ReadAsync(Mart.Warehouse, "2023-10"));
        Assert.Equal(
            [
                new MartRow(Id("T003"), "Halal Keyboard", new(2023, 10, 3), 249.95m, 49.99m, 1, 5),
                new MartRow(Id("T001"), "Halal Laptop", new(2023, 10, 1), 1999.98m, 999.99m, 1, 2),
                new MartRow(Id("T002"), "Halal Mouse", new(2023, 10, 2), 249.90m, 24.99m, 1, 10),
            ],
            await _mart.ReadAsync(Mart.Operational, "2023-10"));
        Assert.Equal("249.9", (await _mart.ReadAsync(Mart.Warehouse, "2023-10", "Halal Mouse"))[0].TotalAmount.ToString());
    }

    [Fact]
    public async Task Load_SameRowsTwice_ChangesAndBumpsNothing()
    {
        var sale = Sale("T001", "Halal Laptop", 999.99m, 2, "2023-10-01");
        await _mart.LoadAsync(sale);
        await _mart.TransformAsync();
        var token = await _mart.TokenAsync(Mart.Warehouse, "2023-10");

        _mart.Time.Advance(TimeSpan.FromHours(1));
        var counts = await _mart.LoadAsync(sale);

        Assert.Equal(new LoadCounts(0, 0, 1, 0), counts);
        Assert.Empty(await _mart.TransformAsync());
        Assert.NotEqual("0", token);
        Assert.Equal(token, await _mart.TokenAsync(Mart.Warehouse, "2023-10"));
        Assert.Equal("0", await _mart.TokenAsync(Mart.Warehouse, "2023-11"));
    }

    [Fact]
    public async Task Load_Correction_MovesTheSaleAndBumpsBothMonths()
    {
        await _mart.LoadAsync(Sale("T001", "Halal Laptop", 999.99m, 2, "2023-10-01"), Sale("T002", "Halal Mouse", 5m, 1, "2023-10-01"));
        await _mart.TransformAsync();
        var october = await _mart.TokenAsync(Mart.Operational, "2023-10");

        var counts = await _mart.LoadAsync(Sale("T001", "Halal Laptop", 899.99m, 1, "2023-11-30"));
        var months = await _mart.TransformAsync();

        Assert.Equal(new LoadCounts(0, 1, 0, 0), counts);
        Assert.Equal([Month.Parse("2023-10"), Month.Parse("2023-11")], months);
        Assert.Equal("Halal Mouse", Assert.Single(await _mart.ReadAsync(Mart.Warehouse, "2023-10")).Product);
        Assert.Equal(899.99m, Assert.Single(await _mart.ReadAsync(Mart.Operational, "2023-11")).TotalAmount);
        Assert.NotEqual(october, await _mart.TokenAsync(Mart.Operational, "2023-10"));
    }

    [Fact]
    public async Task Load_IdRepeatedInTheFile_LastLineWins()
    {
        var counts = await _mart.LoadAsync(
            Sale("T001", "Halal Laptop", 1m, 1, "2023-10-01"),
            Sale("T002", "Halal Mouse", 5m, 1, "2023-10-01"),
            Sale("T001", "Halal Laptop", 3m, 1, "2023-10-01"),
            Sale("T001", "Halal Laptop", 2m, 1, "2023-10-01"));
        await _mart.TransformAsync();

        Assert.Equal(new LoadCounts(2, 0, 0, 2), counts);
        Assert.Equal(2m, (await _mart.ReadAsync(Mart.Operational, "2023-10", "Halal Laptop")).Single().TotalAmount);
    }

    [Fact]
    public async Task Load_BatchLoadedBefore_DoesNotUndoALaterCorrection()
    {
        var first = await _mart.StageAsync(Sale("T001", "Halal Laptop", 1m, 1, "2023-10-01"));
        var counts = await _mart.Store.LoadAsync(first, CancellationToken.None);
        await _mart.LoadAsync(Sale("T001", "Halal Laptop", 2m, 1, "2023-10-01"));

        Assert.Equal(counts, await _mart.Store.LoadAsync(first, CancellationToken.None));
        await _mart.TransformAsync();
        Assert.Equal(2m, (await _mart.ReadAsync(Mart.Operational, "2023-10")).Single().TotalAmount);
    }

    [Fact]
    public async Task Transform_Summary_RoundsTheMeanHalfUpAtFourDecimals()
    {
        await _mart.LoadAsync(
            Sale("b", "Halal Tea", 1.0001m, 2, "2023-10-01"),
            Sale("a", "Halal Tea", 1.0002m, 3, "2023-10-31"));
        await _mart.TransformAsync();

        var row = Assert.Single(await _mart.ReadAsync(Mart.Warehouse, "2023-10"));
        Assert.Equal(1.0002m, row.AvgPrice);
        Assert.Equal(2 * 1.0001m + 3 * 1.0002m, row.TotalAmount);
        Assert.Equal(2, row.TransactionCount);
        Assert.Equal(5, row.TotalQuantity);
        Assert.Equal(string.CompareOrdinal(Id("a"), Id("b")) < 0 ? Id("a") : Id("b"), row.TransactionId);
    }

    [Theory]
    [InlineData("halal Tea", 1, 1, false)]
    [InlineData("Halal", 1, 1, true)]
    [InlineData("Hala%", 1, 1, false)]
    [InlineData("Halal Tea", 0, 1, false)]
    [InlineData("Halal Tea", -1, 1, false)]
    [InlineData("Halal Tea", 1, 100, true)]
    [InlineData("Halal Tea", 1, 101, false)]
    [InlineData("Halal Tea", 1, -5, true)]
    public async Task Transform_Filter_KeepsPrefixPriceAndQuantity(string product, int price, int quantity, bool kept)
    {
        await _mart.LoadAsync(Sale("T001", product, price, quantity, "2023-10-01"));
        await _mart.TransformAsync();
        Assert.Equal(kept, (await _mart.ReadAsync(Mart.Operational, "2023-10", "")).Length == 1);
    }

    [Fact]
    public async Task Transform_FilterChanged_RebuildsEveryMonth()
    {
        await _mart.LoadAsync(Sale("T001", "Halal Tea", 1m, 1, "2023-10-01"), Sale("T002", "Vegan Tea", 1m, 1, "2023-11-01"));
        await _mart.TransformAsync();

        var months = await _mart.TransformAsync(new MartFilter("Vegan", 100));

        Assert.Equal([Month.Parse("2023-10"), Month.Parse("2023-11")], months);
        Assert.Empty(await _mart.ReadAsync(Mart.Warehouse, "2023-10", ""));
        Assert.Single(await _mart.ReadAsync(Mart.Warehouse, "2023-11", ""));
        Assert.Equal(Month.Parse("2023-11"), await _mart.Operational.FindNewestMonthAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Transform_MonthTotalTooLarge_FailsInWordsAndChangesNothing()
    {
        var big = Enumerable.Range(0, 1000).Select(i => Sale($"T{i}", "Halal Gold", 999_999_999.9999m, 1000, "2023-10-01")).ToArray();
        await _mart.LoadAsync(big);

        var failed = await Assert.ThrowsAsync<MartException>(() => _mart.TransformAsync(new MartFilter("Halal", 1000)));

        Assert.Contains("larger than", failed.Message, StringComparison.Ordinal);
        Assert.Empty(await _mart.ReadAsync(Mart.Operational, "2023-10"));
    }

    [Fact]
    public async Task Writer_DisposedBeforeComplete_LeavesNothing()
    {
        await using (var writer = await _mart.Store.StageAsync("b1", CancellationToken.None))
            await writer.WriteAsync(new[] { Sale("T001", "Halal Tea", 1m, 1, "2023-10-01") }, CancellationToken.None);

        Assert.Empty(Directory.GetFiles(_mart.State.PathOf("staging")));
        await Assert.ThrowsAsync<MartException>(() => _mart.Store.LoadAsync("b1", CancellationToken.None));
    }
}
