using System.Text.Json.Nodes;
using TransactionPipeline.Core.Marts;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

/// <summary>What every store does alike, and what the archive adds to it.</summary>
public sealed class BigQueryTransactionStoreTests : TransactionStoreContract, IAsyncLifetime
{
    private GoogleFixture _mart = null!;

    protected override MartHarness Harness => _mart;

    protected override bool TellsMonthsApart => false;

    public async Task InitializeAsync() => _mart = await StartAsync();

    public async Task DisposeAsync() => await _mart.DisposeAsync();

    [Fact]
    public async Task Writer_DisposedBeforeComplete_CancelsTheUpload()
    {
        await using (var writer = await _mart.Store.StageAsync("b1", CancellationToken.None))
            await writer.WriteAsync(Sample, CancellationToken.None);

        Assert.Null(await _mart.Archive.FindAsync("b1", CancellationToken.None));
        Assert.Equal(1, _mart.StandIn.Calls.Count("storage.objects.insert.cancel"));
        var missing = await Assert.ThrowsAsync<StagingLostException>(() => _mart.Store.LoadAsync("b1", CancellationToken.None));
        Assert.Contains("Upload its file again", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discard_BeforeAndAfterTheLoad_RemovesWhatIsStagedAndKeepsTheArchive()
    {
        var given = await _mart.StageAsync(_mart.Store, Sample);
        await _mart.Store.DiscardAsync(given, CancellationToken.None);
        Assert.Null(await _mart.Archive.FindAsync(given, CancellationToken.None));

        var loaded = await _mart.StageAsync(_mart.Store, Sample);
        await _mart.Store.LoadAsync(loaded, CancellationToken.None);
        await _mart.Store.DiscardAsync(loaded, CancellationToken.None);
        Assert.Equal($"gs://{Bucket}/raw/transactions/{loaded}.ndjson.gz", (await _mart.Archive.FindAsync(loaded, CancellationToken.None))!.Uri);
    }

    [Fact]
    public async Task Prepare_TwiceAndAtOnce_MakesTheTablesOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _mart.Store.PrepareAsync(CancellationToken.None)));
        await _mart.LoadAsync(Sample);
        Assert.Single(await _mart.TransformAsync());
    }

    [Fact]
    public async Task Prepare_Tables_ArePartitionedByDate()
    {
        await using var mart = await StartAsync(prepare: false);
        await mart.PostAsync("storage/v1/b", new() { ["name"] = Bucket });
        await mart.Store.PrepareAsync(CancellationToken.None);

        var partitions = mart.StandIn.Calls.All.Where(call => call.Api == "bigquery.tables.insert").Select(call => JsonNode.Parse(call.Body)!)
            .ToDictionary(table => table["tableReference"]!["tableId"]!.ToString(), table => table["timePartitioning"]?.ToJsonString());
        Assert.Equal("""{"type":"MONTH","field":"date"}""", partitions["raw_transactions"]);
        Assert.Equal("""{"type":"MONTH","field":"sale_date"}""", partitions["fact_sales"]);
        Assert.Equal("""{"type":"MONTH","field":"sale_month"}""", partitions["summary_sales"]);
    }
}
