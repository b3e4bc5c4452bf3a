using TransactionPipeline.Core.Archive;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store.Sqlite;
using TransactionPipeline.GoogleStandIn;
using static TransactionPipeline.Core.Tests.Marts.MartHarness;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

/// <summary>A run that failed at any step is run again and ends with archive, warehouse and operational mart equal.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("google-test-");
    private readonly SqliteDatabase _database;
    private readonly StateOptions _state;

    public ResumeTests()
    {
        _state = new StateOptions(_directory.FullName);
        _database = SqliteMart.In(_state);
    }

    public void Dispose()
    {
        _database.Dispose();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData("storage.objects.get", FaultKind.Status, 0)]
    [InlineData("bigquery.tables.insert", FaultKind.Status, 0)]
    [InlineData("bigquery.jobs.insert", FaultKind.Status, 0)]
    [InlineData("bigquery.jobs.insert", FaultKind.CutAnswer, 0)]
    [InlineData("bigquery.jobs.insert", FaultKind.Status, 1)]
    [InlineData("bigquery.jobs.insert", FaultKind.CutAnswer, 1)]
    [InlineData("bigquery.jobs.query", FaultKind.Status, 1)]
    [InlineData("bigquery.tables.delete", FaultKind.Status, 0)]
    [InlineData("storage.objects.patch", FaultKind.Status, 0)]
    [InlineData("storage.objects.patch", FaultKind.CutAnswer, 0)]
    public async Task Load_FailedBetweenSteps_EndsEqualWhenRunAgain(string api, FaultKind kind, int skip)
    {
        await using var google = await StartAsync();
        var sqlite = SqliteMart.StoreIn(_database, _state, google.Time);
        await sqlite.PrepareAsync(CancellationToken.None);
        var batch = await google.StageAsync(google.Store, Sample);
        await StageAsync(sqlite, batch);
        google.StandIn.Faults.Plan(new Fault(api, kind), times: 4, skip: skip);

        await Assert.ThrowsAsync<MartException>(() => google.Store.LoadAsync(batch, CancellationToken.None));
        google.StandIn.Faults.Clear();
        google.Connect();
        // What a run does again: every store in turn, from the beginning.
        var counts = await google.Store.LoadAsync(batch, CancellationToken.None);
        Assert.Equal(counts, await sqlite.LoadAsync(batch, CancellationToken.None));
        var months = await google.TransformAsync();
        Assert.Equal(months, await sqlite.TransformAsync(Halal, CancellationToken.None));
        await google.Store.DiscardAsync(batch, CancellationToken.None);

        Assert.Equal(new LoadCounts(5, 0, 0, 0), counts);
        Assert.Equal([Month.Parse("2023-10")], months);
        Assert.True((await google.Archive.FindAsync(batch, CancellationToken.None))!.IsLoaded);
        var warehouse = await google.ReadAsync("2023-10", "");
        var operational = await new SqliteMartSource(_database, Mart.Warehouse).ReadAsync(Key("2023-10", ""), CancellationToken.None);
        Assert.Equal(3, warehouse.Length);
        Assert.Equal(operational.All(), warehouse);
    }

    [Fact]
    public async Task Load_JobStillUnderWayFromBefore_IsWaitedForNotRepeated()
    {
        await using var google = await StartAsync(fixture => fixture.Options.PipelineTimeoutMs = 1_000);
        var batch = await google.StageAsync(google.Store, Sample);
        google.StandIn.Faults.Plan(new Fault("bigquery.jobs.insert", FaultKind.CutAnswer), times: 4, skip: 1);
        await Assert.ThrowsAsync<MartException>(() => google.Store.LoadAsync(batch, CancellationToken.None));
        google.StandIn.Calls.Clear();

        Assert.Equal(new LoadCounts(5, 0, 0, 0), await google.Store.LoadAsync(batch, CancellationToken.None));
        // The merge had happened, though its answer was lost: it is found done.
        Assert.Equal(0, google.StandIn.Calls.Count("bigquery.jobs.insert"));
    }

    [Fact]
    public async Task Stage_ArchivedBatchOfOtherMarts_IsKeptOnceLoaded()
    {
        await using var google = await StartAsync();
        var store = new ArchivingTransactionStore(SqliteMart.StoreIn(_database, _state, google.Time), google.Archive);
        await store.PrepareAsync(CancellationToken.None);
        var batch = await google.StageAsync(store, Sample);
        Assert.Equal(new LoadCounts(5, 0, 0, 0), await store.LoadAsync(batch, CancellationToken.None));
        await store.DiscardAsync(batch, CancellationToken.None);

        Assert.True((await google.Archive.FindAsync(batch, CancellationToken.None))!.IsLoaded);
        var refused = await google.StageAsync(store, Sample);
        await store.DiscardAsync(refused, CancellationToken.None);
        Assert.Null(await google.Archive.FindAsync(refused, CancellationToken.None));
    }

    [Fact]
    public async Task Stage_ArchiveDown_StagesNowhere()
    {
        await using var google = await StartAsync();
        var store = new ArchivingTransactionStore(SqliteMart.StoreIn(_database, _state, google.Time), google.Archive);
        google.StandIn.Faults.Plan(new Fault("storage.", FaultKind.Status, 503, "backendError"), times: 100);

        var failed = await Assert.ThrowsAsync<MartException>(() => google.StageAsync(store, Sample));

        Assert.Equal(MartFailure.Transient, failed.Failure);
        Assert.Contains("archive", failed.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_state.PathOf("staging")) && Directory.EnumerateFiles(_state.PathOf("staging")).Any());
    }

    private static async Task StageAsync(ITransactionStore store, string batch)
    {
        await using var writer = await store.StageAsync(batch, CancellationToken.None);
        await writer.WriteAsync(Sample, CancellationToken.None);
        await writer.CompleteAsync(CancellationToken.None);
    }
}
