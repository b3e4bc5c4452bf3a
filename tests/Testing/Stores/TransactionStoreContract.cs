using TransactionPipeline.Core.Marts;
using static TransactionPipeline.Testing.MartHarness;

namespace TransactionPipeline.Testing;

/// <summary>What every store of transactions does alike; each kind of store derives its tests from this.</summary>
public abstract class TransactionStoreContract
{
    protected abstract MartHarness Harness { get; }

    /// <summary>False for a store whose tokens tell of the mart as a whole.</summary>
    protected virtual bool TellsMonthsApart => true;

    [Fact]
    public async Task Transform_SampleFile_GivesTheMartsOfTheSeed()
    {
        var counts = await Harness.LoadAsync(
            Sale("T001", "Halal Laptop", 999.99m, 2, "2023-10-01"),
            Sale("T002", "Halal Mouse", 24.99m, 10, "2023-10-02"),
            Sale("T003", "Halal Keyboard", 49.99m, 5, "2023-10-03"),
            Sale("T004", null, 29.99m, 3, "2023-10-04"),
            Sale("T005", "Monitor", 199.99m, 2, "2023-10-05"));
        var months = await Harness.TransformAsync();

        Assert.Equal(new LoadCounts(5, 0, 0, 0), counts);
        Assert.Equal([Month.Parse("2023-10")], months);
        Assert.Equal(
            [
                new MartRow(Id("T003"), "Halal Keyboard", new(2023, 10, 1), 249.95m, 49.99m, 1, 5),
                new MartRow(Id("T001"), "Halal Laptop", new(2023, 10, 1), 1999.98m, 999.99m, 1, 2),
                new MartRow(Id("T002"), "Halal Mouse", new(2023, 10, 1), 249.90m, 24.99m, 1, 10),
            ],
            await Harness.ReadAsync(Mart.Warehouse, "2023-10"));
        Assert.Equal(
            [
                new MartRow(Id("T003"), "Halal Keyboard", new(2023, 10, 3), 249.95m, 49.99m, 1, 5),
                new MartRow(Id("T001"), "Halal Laptop", new(2023, 10, 1), 1999.98m, 999.99m, 1, 2),
                new MartRow(Id("T002"), "Halal Mouse", new(2023, 10, 2), 249.90m, 24.99m, 1, 10),
            ],
            await Harness.ReadAsync(Mart.Operational, "2023-10"));
        Assert.Equal("249.9", (await Harness.ReadAsync(Mart.Warehouse, "2023-10", "Halal Mouse"))[0].TotalAmount.ToString());
    }

    [Fact]
    public async Task Load_SameRowsTwice_ChangesAndBumpsNothing()
    {
        var sale = Sale("T001", "Halal Laptop", 999.99m, 2, "2023-10-01");
        await Harness.LoadAsync(sale);
        await Harness.TransformAsync();
        var token = await Harness.TokenAsync(Mart.Warehouse, "2023-10");

        var counts = await Harness.LoadAsync(sale);

        Assert.Equal(new LoadCounts(0, 0, 1, 0), counts);
        Assert.Empty(await Harness.TransformAsync());
        Assert.NotEqual("0", token);
        Assert.Equal(token, await Harness.TokenAsync(Mart.Warehouse, "2023-10"));
        if (TellsMonthsApart) Assert.Equal("0", await Harness.TokenAsync(Mart.Warehouse, "2023-11"));
    }

    [Fact]
    public async Task Load_Correction_MovesTheSaleAndBumpsBothMonths()
    {
        await Harness.LoadAsync(Sale("T001", "Halal Laptop", 999.99m, 2, "2023-10-01"), Sale("T002", "Halal Mouse", 5m, 1, "2023-10-01"));
        await Harness.TransformAsync();
        var october = await Harness.TokenAsync(Mart.Operational, "2023-10");

        var counts = await Harness.LoadAsync(Sale("T001", "Halal Laptop", 899.99m, 1, "2023-11-30"));
        var months = await Harness.TransformAsync();

        Assert.Equal(new LoadCounts(0, 1, 0, 0), counts);
        Assert.Equal([Month.Parse("2023-10"), Month.Parse("2023-11")], months);
        Assert.Equal("Halal Mouse", Assert.Single(await Harness.ReadAsync(Mart.Warehouse, "2023-10")).Product);
        Assert.Equal(899.99m, Assert.Single(await Harness.ReadAsync(Mart.Operational, "2023-11")).TotalAmount);
        Assert.NotEqual(october, await Harness.TokenAsync(Mart.Operational, "2023-10"));
    }

    [Fact]
    public async Task Load_IdRepeatedInTheFile_LastLineWins()
    {
        var counts = await Harness.LoadAsync(
            Sale("T001", "Halal Laptop", 1m, 1, "2023-10-01"),
            Sale("T002", "Halal Mouse", 5m, 1, "2023-10-01"),
            Sale("T001", "Halal Laptop", 3m, 1, "2023-10-01"),
            Sale("T001", "Halal Laptop", 2m, 1, "2023-10-01"));
        await Harness.TransformAsync();

        Assert.Equal(new LoadCounts(2, 0, 0, 2), counts);
        Assert.Equal(2m, (await Harness.ReadAsync(Mart.Operational, "2023-10", "Halal Laptop")).Single().TotalAmount);
    }

    [Fact]
    public async Task Load_BatchLoadedBefore_DoesNotUndoALaterCorrection()
    {
        var first = await Harness.StageAsync(Sale("T001", "Halal Laptop", 1m, 1, "2023-10-01"));
        var counts = await Harness.Writer.LoadAsync(first, CancellationToken.None);
        await Harness.LoadAsync(Sale("T001", "Halal Laptop", 2m, 1, "2023-10-01"));

        Assert.Equal(counts, await Harness.Writer.LoadAsync(first, CancellationToken.None));
        await Harness.TransformAsync();
        Assert.Equal(2m, (await Harness.ReadAsync(Mart.Operational, "2023-10")).Single().TotalAmount);
    }

    [Fact]
    public async Task Transform_Summary_RoundsTheMeanHalfUpAtFourDecimals()
    {
        await Harness.LoadAsync(
            Sale("b", "Halal Tea", 1.0001m, 2, "2023-10-01"),
            Sale("a", "Halal Tea", 1.0002m, 3, "2023-10-31"));
        await Harness.TransformAsync();

        var row = Assert.Single(await Harness.ReadAsync(Mart.Warehouse, "2023-10"));
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
        await Harness.LoadAsync(Sale("T001", product, price, quantity, "2023-10-01"));
        await Harness.TransformAsync();
        Assert.Equal(kept, (await Harness.ReadAsync(Mart.Operational, "2023-10", "")).Length == 1);
    }

    [Fact]
    public async Task Transform_FilterChanged_RebuildsEveryMonth()
    {
        await Harness.LoadAsync(Sale("T001", "Halal Tea", 1m, 1, "2023-10-01"), Sale("T002", "Vegan Tea", 1m, 1, "2023-11-01"));
        await Harness.TransformAsync();

        var months = await Harness.TransformAsync(new MartFilter("Vegan", 100));

        Assert.Equal([Month.Parse("2023-10"), Month.Parse("2023-11")], months);
        Assert.Empty(await Harness.ReadAsync(Mart.Warehouse, "2023-10", ""));
        Assert.Single(await Harness.ReadAsync(Mart.Warehouse, "2023-11", ""));
        Assert.Equal(Month.Parse("2023-11"), await Harness.Source(Mart.Operational).FindNewestMonthAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Transform_FilterChangedAndAMonthLeftEmpty_IsDoneWithThatMonthToo()
    {
        // No sale that the mart shows: only the mark tells of the month once the sale has moved.
        await Harness.LoadAsync(Sale("T001", "Vegan Tea", 1m, 1, "2023-10-01"));
        await Harness.TransformAsync();
        await Harness.LoadAsync(Sale("T001", "Vegan Tea", 1m, 1, "2023-11-01"));

        Assert.Equal([Month.Parse("2023-10"), Month.Parse("2023-11")], await Harness.TransformAsync(new MartFilter("Halal", 10)));
        Assert.Empty(await Harness.TransformAsync(new MartFilter("Halal", 10)));
    }

    [Fact]
    public async Task Writer_DisposedBeforeComplete_LeavesNothing()
    {
        await using (var writer = await Harness.Writer.StageAsync("b1", CancellationToken.None))
            await writer.WriteAsync(new[] { Sale("T001", "Halal Tea", 1m, 1, "2023-10-01") }, CancellationToken.None);

        await Assert.ThrowsAsync<StagingLostException>(() => Harness.Writer.LoadAsync("b1", CancellationToken.None));
    }

    [Fact]
    public async Task Discard_StagedBatch_IsGone()
    {
        var batch = await Harness.StageAsync(Sale("T001", "Halal Tea", 1m, 1, "2023-10-01"));

        await Harness.Writer.DiscardAsync(batch, CancellationToken.None);
        await Harness.Writer.DiscardAsync(batch, CancellationToken.None);

        await Assert.ThrowsAsync<StagingLostException>(() => Harness.Writer.LoadAsync(batch, CancellationToken.None));
    }

    [Fact]
    public async Task ReadSummary_SeveralMonths_ComesByMonthThenProduct()
    {
        await Harness.LoadAsync(
            Sale("1", "Halal Tea", 1m, 1, "2023-11-01"),
            Sale("2", "Halal Tea", 2m, 1, "2023-10-01"),
            Sale("3", "Halal Cup", 3m, 2, "2023-10-31"));
        await Harness.TransformAsync();

        var rows = new List<MartRow>();
        await foreach (var row in Harness.Writer.ReadSummaryAsync(CancellationToken.None)) rows.Add(row);

        Assert.Equal(
            [
                new MartRow(Id("3"), "Halal Cup", new(2023, 10, 1), 6m, 3m, 1, 2),
                new MartRow(Id("2"), "Halal Tea", new(2023, 10, 1), 2m, 2m, 1, 1),
                new MartRow(Id("1"), "Halal Tea", new(2023, 11, 1), 1m, 1m, 1, 1),
            ],
            rows);
    }

    [Theory]
    [InlineData("Halal'; DROP TABLE pg_sales; --")]
    [InlineData("Halal' OR '1'='1")]
    [InlineData("Halal%")]
    [InlineData("Halal_")]
    [InlineData("%")]
    [InlineData("\\")]
    [InlineData("$1")]
    [InlineData("{0}")]
    [InlineData("Halal\0")]
    [InlineData("\ud800")]
    [InlineData("\uffff")]
    public async Task Read_HostilePrefix_FindsOnlyProductsThatStartWithIt(string prefix)
    {
        await Harness.LoadAsync(Sale("1", "Halal Tea", 1m, 1, "2023-10-01"));
        await Harness.TransformAsync();

        foreach (var mart in new[] { Mart.Warehouse, Mart.Operational })
        {
            Assert.Empty(await Harness.ReadAsync(mart, "2023-10", prefix));
            Assert.Single(await Harness.ReadAsync(mart, "2023-10"));
        }
    }

    [Fact]
    public async Task Read_PrefixEndsInHalfACharacter_FindsNothing()
    {
        await Harness.LoadAsync(Sale("1", "Halal \ud83c\udf75", 1m, 1, "2023-10-01"));
        await Harness.TransformAsync();

        foreach (var mart in new[] { Mart.Warehouse, Mart.Operational })
        {
            Assert.Empty(await Harness.ReadAsync(mart, "2023-10", "Halal \ud83c"));
            Assert.Single(await Harness.ReadAsync(mart, "2023-10", "Halal \ud83c\udf75"));
        }
    }

    [Fact]
    public async Task Load_RacedByTransforms_LosesNothing()
    {
        var batches = new List<string>();
        for (var i = 0; i < 8; i++) batches.Add(await Harness.StageAsync(Sale($"{i}", "Halal Tea", 1m, 1, "2023-10-01"), Sale("same", "Halal Cup", 1m, 1, "2023-10-01")));

        await Task.WhenAll(batches.Select(batch => Task.Run(async () =>
        {
            await Harness.Writer.LoadAsync(batch, CancellationToken.None);
            await Harness.TransformAsync();
        })));

        Assert.Equal(9, (await Harness.ReadAsync(Mart.Operational, "2023-10")).Length);
        Assert.Equal(9, (await Harness.ReadAsync(Mart.Warehouse, "2023-10")).Sum(row => row.TransactionCount));
    }
}
