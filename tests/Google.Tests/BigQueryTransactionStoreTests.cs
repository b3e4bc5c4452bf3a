using TransactionPipeline.Core.Marts;
using static TransactionPipeline.Core.Tests.Marts.MartHarness;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

/// <summary>The same promises as the embedded store's.</summary>
public sealed class BigQueryTransactionStoreTests
{
    [Fact]
    public async Task Transform_SampleFile_GivesTheMartOfTheSeed()
    {
        await using var mart = await StartAsync();
        var counts = await mart.LoadAsync(Sample);
        var months = await mart.TransformAsync();

        Assert.Equal(new LoadCounts(5, 0, 0, 0), counts);
        Assert.Equal([Month.Parse("2023-10")], months);
        Assert.Equal(
            [
                new MartRow(Id("T003"), "Halal Keyboard", new(2023, 10, 1), 249.95m, 49.99m, 1, 5),
                new MartRow(Id("T001"), "Halal Laptop", new(2023, 10, 1), 1999.98m, 999.99m, 1, 2),
                new MartRow(Id("T002"), "Halal Mouse", new(2023, 10, 1), 249.90m, 24.99m, 1, 10),
            ],
            await mart.ReadAsync("2023-10"));
        Assert.Equal("249.9", (await mart.ReadAsync("2023-10", "Halal Mouse"))[0].TotalAmount.ToString());
        Assert.Equal(3, await mart.Store.ReadSummaryAsync(CancellationToken.None).CountAsync());
    }

    [Fact]
    public async Task Load_SameRowsTwice_ChangesNothingAndKeepsTheToken()
    {
        await using var mart = await StartAsync();
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        var token = await mart.TokenAsync();

        mart.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(new LoadCounts(0, 0, 5, 0), await mart.LoadAsync(Sample));
        Assert.Empty(await mart.TransformAsync());
        Assert.Equal(token, await mart.TokenAsync());
    }

    [Fact]
    public async Task Load_CorrectedDate_ChangesTheMonthItLeavesAndTheOneItEnters()
    {
        await using var mart = await StartAsync();
        await mart.LoadAsync(Sale("T001", "Halal Laptop", 1m, 1, "2023-10-01"), Sale("T002", "Halal Laptop", 2m, 1, "2023-10-01"));
        await mart.TransformAsync();
        var token = await mart.TokenAsync();

        Assert.Equal(new LoadCounts(0, 1, 0, 0), await mart.LoadAsync(Sale("T001", "Halal Laptop", 1m, 1, "2023-12-31")));
        Assert.Equal([Month.Parse("2023-10"), Month.Parse("2023-12")], await mart.TransformAsync());

        Assert.NotEqual(token, await mart.TokenAsync());
        Assert.Equal(2m, Assert.Single(await mart.ReadAsync("2023-10")).TotalAmount);
        Assert.Equal(1m, Assert.Single(await mart.ReadAsync("2023-12")).TotalAmount);
        Assert.Equal(Month.Parse("2023-12"), await mart.Warehouse.FindNewestMonthAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Load_IdRepeatedInTheFile_LastLineWins()
    {
        await using var mart = await StartAsync();
        var counts = await mart.LoadAsync(
            Sale("T001", "Halal Laptop", 1m, 1, "2023-10-01"),
            Sale("T002", "Halal Mouse", 5m, 1, "2023-10-01"),
            Sale("T001", "Halal Laptop", 3m, 1, "2023-10-01"),
            Sale("T001", "Halal Laptop", 2m, 1, "2023-10-01"));
        await mart.TransformAsync();

        Assert.Equal(new LoadCounts(2, 0, 0, 2), counts);
        Assert.Equal(2m, (await mart.ReadAsync("2023-10", "Halal Laptop")).Single().TotalAmount);
    }

    [Fact]
    public async Task Load_BatchLoadedBefore_DoesNotUndoALaterCorrection()
    {
        await using var mart = await StartAsync();
        var first = await mart.StageAsync(mart.Store, Sale("T001", "Halal Laptop", 1m, 1, "2023-10-01"));
        var counts = await mart.Store.LoadAsync(first, CancellationToken.None);
        await mart.LoadAsync(Sale("T001", "Halal Laptop", 2m, 1, "2023-10-01"));

        Assert.Equal(counts, await mart.Store.LoadAsync(first, CancellationToken.None));
        await mart.TransformAsync();
        Assert.Equal(2m, (await mart.ReadAsync("2023-10")).Single().TotalAmount);
    }

    [Fact]
    public async Task Transform_Summary_RoundsTheMeanHalfUpAtFourDecimals()
    {
        await using var mart = await StartAsync();
        await mart.LoadAsync(Sale("b", "Halal Tea", 1.0001m, 2, "2023-10-01"), Sale("a", "Halal Tea", 1.0002m, 3, "2023-10-31"));
        await mart.TransformAsync();

        var row = Assert.Single(await mart.ReadAsync("2023-10"));
        Assert.Equal(1.0002m, row.AvgPrice);
        Assert.Equal((2 * 1.0001m) + (3 * 1.0002m), row.TotalAmount);
        Assert.Equal((2, 5), (row.TransactionCount, row.TotalQuantity));
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
        await using var mart = await StartAsync();
        await mart.LoadAsync(Sale("T001", product, price, quantity, "2023-10-01"));
        await mart.TransformAsync();
        Assert.Equal(kept, (await mart.ReadAsync("2023-10", "")).Length == 1);
    }

    [Fact]
    public async Task Transform_FilterChanged_RebuildsEveryMonth()
    {
        await using var mart = await StartAsync();
        await mart.LoadAsync(Sale("T001", "Halal Tea", 1m, 1, "2023-10-01"), Sale("T002", "Vegan Tea", 1m, 1, "2023-11-01"));
        await mart.TransformAsync();

        Assert.Equal([Month.Parse("2023-10"), Month.Parse("2023-11")], await mart.TransformAsync(new MartFilter("Vegan", 100)));
        Assert.Empty(await mart.ReadAsync("2023-10", ""));
        Assert.Single(await mart.ReadAsync("2023-11", ""));
    }

    [Fact]
    public async Task Writer_DisposedBeforeComplete_LeavesNothing()
    {
        await using var mart = await StartAsync();
        await using (var writer = await mart.Store.StageAsync("b1", CancellationToken.None))
            await writer.WriteAsync(Sample, CancellationToken.None);

        Assert.Null(await mart.Archive.FindAsync("b1", CancellationToken.None));
        Assert.Equal(1, mart.StandIn.Calls.Count("storage.objects.insert.cancel"));
        var missing = await Assert.ThrowsAsync<StagingLostException>(() => mart.Store.LoadAsync("b1", CancellationToken.None));
        Assert.Contains("Upload its file again", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discard_BeforeAndAfterTheLoad_RemovesWhatIsStagedAndKeepsTheArchive()
    {
        await using var mart = await StartAsync();
        var given = await mart.StageAsync(mart.Store, Sample);
        await mart.Store.DiscardAsync(given, CancellationToken.None);
        Assert.Null(await mart.Archive.FindAsync(given, CancellationToken.None));

        var loaded = await mart.StageAsync(mart.Store, Sample);
        await mart.Store.LoadAsync(loaded, CancellationToken.None);
        await mart.Store.DiscardAsync(loaded, CancellationToken.None);
        Assert.Equal($"gs://{Bucket}/raw/transactions/{loaded}.ndjson.gz", (await mart.Archive.FindAsync(loaded, CancellationToken.None))!.Uri);
    }

    [Fact]
    public async Task Prepare_TwiceAndAtOnce_MakesTheTablesOnce()
    {
        await using var mart = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => mart.Store.PrepareAsync(CancellationToken.None)));
        await mart.LoadAsync(Sample);
        Assert.Single(await mart.TransformAsync());
    }
}
