using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>What every store of batches and runs does alike; each kind of store derives its tests from this.</summary>
public abstract class HistoryStoreContract
{
    private static readonly DateTimeOffset Noon = new(2023, 11, 1, 12, 0, 0, TimeSpan.Zero);

    protected abstract StoreHarness Store { get; }

    [Fact]
    public async Task Batch_Received_IsListedInTheOrderOfCompletionUntilLoaded()
    {
        var batches = Store.NewBatches();
        foreach (var id in new[] { "a1", "b2", "c3" }) await batches.BeginAsync(id, $"{id}.csv", CancellationToken.None);
        await batches.AddRejectsAsync("a1", [new RejectedLine(2, "price", "missing"), new RejectedLine(3, "", "malformed")], CancellationToken.None);
        foreach (var id in new[] { "a1", "b2" })
        {
            await batches.CompleteAsync(id, 5, 2, CancellationToken.None);
            await Store.PassAsync(TimeSpan.FromSeconds(1));
        }
        await batches.CompleteAsync("c3", 0, 2, CancellationToken.None);

        var received = await Store.NewBatches().ListAsync(BatchStatus.Received, CancellationToken.None);
        Assert.Equal(["a1", "b2"], received.Select(batch => batch.Id));
        await batches.MarkLoadedAsync("a1", new LoadCounts(3, 1, 1, 0), CancellationToken.None);

        var loaded = await batches.FindAsync("a1", CancellationToken.None);
        Assert.Equal((BatchStatus.Loaded, "a1.csv", 5, 2), (loaded!.Status, loaded.Source, loaded.Accepted, loaded.Rejected));
        Assert.Equal(new LoadCounts(3, 1, 1, 0), loaded.Loaded);
        Assert.Equal("c3", Assert.Single(await batches.ListAsync(BatchStatus.Empty, CancellationToken.None)).Id);
        Assert.Null(await batches.FindAsync("d4", CancellationToken.None));

        await batches.MarkFailedAsync("b2", CancellationToken.None);
        await batches.MarkFailedAsync("a1", CancellationToken.None);
        Assert.Empty(await batches.ListAsync(BatchStatus.Received, CancellationToken.None));
        Assert.Equal("b2", Assert.Single(await batches.ListAsync(BatchStatus.Failed, CancellationToken.None)).Id);
    }

    [Fact]
    public async Task Batch_Abandoned_CannotBeCompleted()
    {
        var batches = Store.NewBatches();
        await batches.BeginAsync("a1", "a.csv", CancellationToken.None);
        await batches.AddRejectsAsync("a1", [new RejectedLine(2, "price", "missing")], CancellationToken.None);

        await Store.NewBatches().AbandonAsync("a1", CancellationToken.None);

        await Assert.ThrowsAsync<StoreException>(() => batches.CompleteAsync("a1", 1, 1, CancellationToken.None));
        Assert.Equal(BatchStatus.Abandoned, (await batches.FindAsync("a1", CancellationToken.None))!.Status);
    }

    [Fact]
    public async Task Batch_IdTaken_IsRefusedWithoutSpeakingOfMarts()
    {
        var batches = Store.NewBatches();
        await batches.BeginAsync("a1", "a.csv", CancellationToken.None);

        var refused = await Assert.ThrowsAnyAsync<StoreException>(() => batches.BeginAsync("a1", "a.csv", CancellationToken.None));

        Assert.DoesNotContain("total", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AddedAndUpdated_GivesEverythingBack()
    {
        var runs = Store.NewRuns();
        var run = Run("1") with { FireTime = Noon };
        Assert.True(await runs.TryAddAsync(run, CancellationToken.None));
        var done = run with
        {
            Status = RunStatus.Succeeded,
            Attempt = 2,
            Step = "export",
            FinishedAt = Noon.AddMinutes(1),
            Batches = 2,
            Loaded = new LoadCounts(1, 2, 3, 4),
            Months = 5,
            Note = "a.csv was not loaded",
        };

        await runs.UpdateAsync(done, CancellationToken.None);

        Assert.Equal(done, await Store.NewRuns().FindAsync("1", CancellationToken.None));
        Assert.Null(await runs.FindAsync("2\0", CancellationToken.None));
    }

    [Fact]
    public async Task Run_SameFireTime_IsRefusedToTheSecond()
    {
        var runs = Store.NewRuns();
        Assert.True(await runs.TryAddAsync(Run("1") with { FireTime = Noon }, CancellationToken.None));
        Assert.False(await Store.NewRuns().TryAddAsync(Run("2") with { FireTime = Noon }, CancellationToken.None));
        Assert.True(await runs.TryAddAsync(Run("3"), CancellationToken.None));
        Assert.True(await runs.TryAddAsync(Run("4"), CancellationToken.None));

        Assert.Equal(["4", "3"], (await runs.ListAsync(null, 2, CancellationToken.None)).Select(run => run.Id));
        Assert.Equal(["1"], (await runs.ListAsync("3", 2, CancellationToken.None)).Select(run => run.Id));
    }

    [Fact]
    public async Task FailOrphans_ProcessDied_FailsItsUnfinishedRunsAlone()
    {
        var runs = Store.NewRuns();
        await runs.TryAddAsync(Run("1"), CancellationToken.None);
        await runs.TryAddAsync(Run("2") with { Status = RunStatus.Retrying, NextAttemptAt = Noon.AddMinutes(1) }, CancellationToken.None);
        await runs.TryAddAsync(Run("3") with { Status = RunStatus.Succeeded }, CancellationToken.None);
        await runs.TryAddAsync(Run("4") with { Owner = "other" }, CancellationToken.None);
        await runs.TryAddAsync(Run("5") with { Owner = "third", Status = RunStatus.Failed }, CancellationToken.None);

        Assert.Equal(["me", "other"], (await Store.NewRuns().ListOwnersAsync(CancellationToken.None)).Order(StringComparer.Ordinal));
        Assert.Equal(2, await runs.FailOrphansAsync("me", CancellationToken.None));

        Assert.Equal(
            [RunStatus.Failed, RunStatus.Running, RunStatus.Succeeded, RunStatus.Failed, RunStatus.Failed],
            (await runs.ListAsync(null, 10, CancellationToken.None)).Select(run => run.Status));
        Assert.NotNull((await runs.FindAsync("2", CancellationToken.None))!.FinishedAt);
    }

    private static PipelineRun Run(string id) => new()
    {
        Id = id,
        Dag = "transform_sales_mart",
        Trigger = "api",
        Owner = "me",
        StartedAt = Noon,
    };
}
