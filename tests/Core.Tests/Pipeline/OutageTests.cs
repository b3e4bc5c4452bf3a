using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;

namespace TransactionPipeline.Core.Tests.Pipeline;

/// <summary>Runs while the shared store is away, and runs of processes that died or live.</summary>
public sealed class OutageTests : IAsyncLifetime
{
    // Leases are renewed every 20 seconds, a retry that finds the store away looks again after 5, and for a lease after 0.2.
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StoreAway = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(0.2);
    private readonly PipelineFixture _pipeline = new() { Options = { LeaseSeconds = 60 } };

    private WatchedTime Time => _pipeline.Receiver.Mart.Time;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _pipeline.DisposeAsync();

    [Fact]
    public async Task Retry_StoreAwayWhenItIsDue_ComesWhenTheStoreIsBack()
    {
        FailTransforms(1);
        var run = await _pipeline.CreateRunner().RunAsync("upload", retry: true, CancellationToken.None);
        _pipeline.Store.Away = true;
        await _pipeline.PassRetryDelayAsync();
        for (var i = 0; i < 5; i++)
        {
            await Time.UntilWaitedForAsync(StoreAway, "The late retry");
            Time.Advance(StoreAway);
        }
        await Time.UntilWaitedForAsync(StoreAway, "The late retry");
        Assert.Equal(RunStatus.Retrying, (await FindAsync(run)).Status);

        _pipeline.Store.Away = false;
        Time.Advance(StoreAway);

        var last = await _pipeline.WaitForAsync(run.Id, later => later.FinishedAt is not null);
        // What the outage took was no attempt.
        Assert.Equal((RunStatus.Succeeded, 2), (last.Status, last.Attempt));
    }

    [Fact]
    public async Task Retry_StoppedWhileTheStoreIsAway_Ends()
    {
        FailTransforms(1);
        var runner = _pipeline.CreateRunner();
        await runner.RunAsync("upload", retry: true, CancellationToken.None);
        _pipeline.Store.Away = true;
        await _pipeline.PassRetryDelayAsync();
        await Time.UntilWaitedForAsync(StoreAway, "The late retry");

        await runner.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Run_StoreGoesAwayInTheMiddle_IsRecordedOnceItIsBackAndRetried()
    {
        var goAway = true;
        _pipeline.Stores = [new FailingStore(_pipeline.Receiver.Mart.Store, _ =>
        {
            (_pipeline.Store.Away, goAway) = (goAway, false);
            return Task.CompletedTask;
        })];
        var run = await _pipeline.CreateRunner().RunAsync("upload", retry: true, CancellationToken.None);
        Assert.Equal((RunStatus.Retrying, "The store is away."), (run.Status, run.Error));
        Assert.Equal(RunStatus.Running, (await FindAsync(run)).Status);
        await Time.UntilWaitedForAsync(TimeSpan.FromSeconds(300), "The retry");

        _pipeline.Store.Away = false;
        Time.Advance(Renewal);

        var seen = await _pipeline.WaitForAsync(run.Id, later => later.Status != RunStatus.Running);
        Assert.Equal((RunStatus.Retrying, run.NextAttemptAt), (seen.Status, seen.NextAttemptAt));
        // The first attempt's lease could not be given back, but is over by then.
        Time.Advance(TimeSpan.FromSeconds(280));
        var last = await _pipeline.WaitForAsync(run.Id, later => later.FinishedAt is not null);
        Assert.Equal((RunStatus.Succeeded, 2), (last.Status, last.Attempt));
    }

    [Fact]
    public async Task Run_StoreAwayWhenItEnds_IsRecordedOnceItIsBack()
    {
        FailTransforms(1, alsoTheStore: true);
        var run = await _pipeline.CreateRunner().RunAsync("cli", retry: false, CancellationToken.None);
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Equal(RunStatus.Running, (await FindAsync(run)).Status);

        _pipeline.Store.Away = false;
        Time.Advance(Renewal);

        var seen = await _pipeline.WaitForAsync(run.Id, later => later.Status != RunStatus.Running);
        Assert.Equal((RunStatus.Failed, "The mart is away."), (seen.Status, seen.Error));
    }

    [Fact]
    public async Task FailOrphans_RetryOverdueBehindALongRun_IsLeftToItsLivingProcess()
    {
        FailTransforms(1);
        var waiting = await _pipeline.CreateRunner().RunAsync("upload", retry: true, CancellationToken.None);
        await Time.UntilWaitedForAsync(TimeSpan.FromSeconds(300), "The retry");
        var (reached, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        _pipeline.Stores = [new FailingStore(_pipeline.Receiver.Mart.Store, stop => { reached.TrySetResult(); return go.Task.WaitAsync(stop); })];
        using var renewals = new SemaphoreSlim(0);
        _pipeline.Store.Renewed = lease => { if (lease == "pipeline") renewals.Release(); };
        var other = _pipeline.CreateRunner();
        var longRun = await other.TryStartAsync("api", null, CancellationToken.None);
        await reached.Task.WaitAsync(Patience);
        Time.Forget(Renewal);
        for (var passed = Renewal; passed <= TimeSpan.FromSeconds(600); passed += Renewal)
        {
            Time.Advance(Renewal);
            // Both processes and the long run tell that they live.
            for (var i = 0; i < 2; i++) await Time.UntilWaitedForAsync(Renewal, "A process");
            Assert.True(await renewals.WaitAsync(Patience), "the long run did not renew its lease");
            if (passed >= TimeSpan.FromSeconds(300)) await Time.UntilWaitedForAsync(Poll, "The overdue retry");
        }

        await other.FailOrphansAsync(CancellationToken.None);

        Assert.Equal((RunStatus.Retrying, RunStatus.Running), ((await FindAsync(waiting)).Status, (await FindAsync(longRun!)).Status));
        go.SetResult();
        Assert.Equal(RunStatus.Succeeded, (await _pipeline.WaitForAsync(longRun!.Id, later => later.FinishedAt is not null)).Status);
        await other.DisposeAsync();
        Time.Advance(Poll);
        Assert.Equal(RunStatus.Succeeded, (await _pipeline.WaitForAsync(waiting.Id, later => later.FinishedAt is not null)).Status);
    }

    [Fact]
    public async Task FailOrphans_ProcessDied_MarksItsRunsFailedOnceItsLeaseIsOver()
    {
        await _pipeline.Receiver.Leases.TryAcquireAsync("process/dead", "dead", TimeSpan.FromSeconds(15), CancellationToken.None);
        var run = new PipelineRun { Id = "0", Dag = "d", Trigger = "api", Owner = "dead", StartedAt = _pipeline.Receiver.Mart.Time.GetUtcNow() };
        await _pipeline.Runs.TryAddAsync(run, CancellationToken.None);
        await _pipeline.Runs.TryAddAsync(run with { Id = "1", Status = RunStatus.Retrying, NextAttemptAt = run.StartedAt.AddHours(1) }, CancellationToken.None);
        var runner = _pipeline.CreateRunner();

        await runner.FailOrphansAsync(CancellationToken.None);
        Assert.All(await _pipeline.Runs.ListAsync(null, 9, CancellationToken.None), seen => Assert.Null(seen.FinishedAt));

        _pipeline.Receiver.Mart.Time.Advance(TimeSpan.FromSeconds(15));
        await runner.FailOrphansAsync(CancellationToken.None);
        Assert.All(await _pipeline.Runs.ListAsync(null, 9, CancellationToken.None), seen => Assert.Equal(RunStatus.Failed, seen.Status));
    }

    private async Task<PipelineRun> FindAsync(PipelineRun run) => (await _pipeline.Runs.FindAsync(run.Id, CancellationToken.None))!;

    private void FailTransforms(int times, bool alsoTheStore = false) => _pipeline.Stores = [new FailingStore(_pipeline.Receiver.Mart.Store, _ =>
    {
        if (--times < 0) return Task.CompletedTask;
        _pipeline.Store.Away = alsoTheStore;
        return Task.FromException(new MartException("The mart is away."));
    })];
}
