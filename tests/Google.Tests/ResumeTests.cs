using TransactionPipeline.Core.Archive;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store.Sqlite;
using TransactionPipeline.GoogleStandIn;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

/// <summary>What a store finds of a load that was broken off, and of a batch that was archived.</summary>
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
}
