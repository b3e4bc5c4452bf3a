using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using static TransactionPipeline.Testing.ReceiverFixture;

namespace TransactionPipeline.Core.Tests.Pipeline;

public sealed class PipelineRunnerTests : IAsyncLifetime
{
    private const string Sample = Header
        + "T001,Halal Laptop,999.99,2,2023-10-01\nT002,Halal Mouse,24.99,10,2023-10-02\nT003,Halal Keyboard,49.99,5,2023-10-03\n"
        + "T004,,29.99,3,2023-10-04\nT005,Monitor,199.99,2,2023-10-05\n";

    private readonly PipelineFixture _pipeline = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _pipeline.DisposeAsync();

    [Fact]
    public async Task Run_ReceivedBatch_LoadsTransformsAndExports()
    {
        var batch = await _pipeline.Receiver.ReceiveAsync(Sample);

        var run = await _pipeline.CreateRunner().RunAsync("upload", retry: true, CancellationToken.None);

        Assert.Equal((RunStatus.Succeeded, 1, 1, new LoadCounts(5, 0, 0, 0)), (run.Status, run.Batches, run.Months, run.Loaded));
        Assert.Equal(run, await _pipeline.Runs.FindAsync(run.Id, CancellationToken.None));
        Assert.Equal(["loaded"], await _pipeline.Receiver.StatusesAsync());
        Assert.Equal(run.Loaded, (await _pipeline.Receiver.Batches.FindAsync(batch.BatchId, CancellationToken.None))!.Loaded);
        Assert.Empty(Directory.GetFiles(_pipeline.Receiver.Mart.State.PathOf("staging")));
        Assert.Equal(
            """
            product,sale_month,total_amount,avg_price,transaction_count
            Halal Keyboard,2023-10-01,249.95,49.99,1
            Halal Laptop,2023-10-01,1999.98,999.99,1
            Halal Mouse,2023-10-01,249.9,24.99,1

            """,
            await File.ReadAllTextAsync(Path.Combine(_pipeline.Export, "summary_sales.csv")));
        Assert.StartsWith(
            """
            [
              {
                "product": "Halal Keyboard",
                "sale_month": "2023-10-01",
                "total_amount": 249.95,
                "avg_price": 49.99,
                "transaction_count": 1
              },
            """,
            await File.ReadAllTextAsync(Path.Combine(_pipeline.Export, "summary_sales.json")),
            StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(_pipeline.Export).Length);
    }

    [Fact]
    public async Task Run_SameFileTwice_ChangesNothing()
    {
        var runner = _pipeline.CreateRunner();
        await _pipeline.Receiver.ReceiveAsync(Sample);
        await runner.RunAsync("upload", retry: true, CancellationToken.None);
        await _pipeline.Receiver.ReceiveAsync(Sample);

        var run = await runner.RunAsync("upload", retry: true, CancellationToken.None);

        Assert.Equal((new LoadCounts(0, 0, 5, 0), 0), (run.Loaded, run.Months));
    }

    [Fact]
    public async Task Run_AttemptFails_RetriesAfterTheDelayAndSucceeds()
    {
        var failures = 2;
        Fail(() => --failures >= 0 ? new MartException("The mart is away.") : null);
        await _pipeline.Receiver.ReceiveAsync(Sample);

        var first = await _pipeline.CreateRunner().RunAsync("upload", retry: true, CancellationToken.None);
        Assert.Equal((RunStatus.Retrying, "The mart is away.", "transform"), (first.Status, first.Error, first.Step));
        Assert.Equal(first.StartedAt.AddSeconds(300), first.NextAttemptAt);
        Assert.Empty(await _pipeline.Receiver.Mart.ReadAsync(Core.Marts.Mart.Warehouse, "2023-10"));

        for (var i = 0; i < 2; i++) await _pipeline.PassRetryDelayAsync();
        var last = await _pipeline.WaitForAsync(first.Id, run => run.FinishedAt is not null);
        Assert.Equal((RunStatus.Succeeded, 3, null), (last.Status, last.Attempt, last.Error));
        Assert.Equal(first.StartedAt.AddSeconds(600), last.FinishedAt);
        Assert.Equal(3, (await _pipeline.Receiver.Mart.ReadAsync(Core.Marts.Mart.Warehouse, "2023-10")).Length);
    }

    [Fact]
    public async Task Run_EveryAttemptFails_EndsAsFailedAfterThreeRetries()
    {
        Fail(() => new InvalidOperationException("secret inside"));
        var first = await _pipeline.CreateRunner().RunAsync("upload", retry: true, CancellationToken.None);
        for (var i = 0; i < 3; i++) await _pipeline.PassRetryDelayAsync();
        var last = await _pipeline.WaitForAsync(first.Id, run => run.FinishedAt is not null);
        Assert.Equal((RunStatus.Failed, 4), (last.Status, last.Attempt));
        Assert.Equal("An unexpected error. The server's log has the details.", last.Error);
    }

    [Fact]
    public async Task Run_WithoutRetry_EndsWithTheFirstFailure()
    {
        Fail(() => new MartException("The mart is away."));
        var run = await _pipeline.CreateRunner().RunAsync("cli", retry: false, CancellationToken.None);
        Assert.Equal((RunStatus.Failed, "The mart is away."), (run.Status, run.Error));
    }

    [Fact]
    public async Task TryStart_OneRunning_AnswersNullInEveryProcess()
    {
        var reached = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        _pipeline.Stores = [new FailingStore(_pipeline.Receiver.Mart.Store, _ => { reached.SetResult(); return go.Task; })];
        var runner = _pipeline.CreateRunner();
        var run = await runner.TryStartAsync("api", null, CancellationToken.None);
        await reached.Task;

        Assert.Null(await runner.TryStartAsync("api", null, CancellationToken.None));
        Assert.Null(await _pipeline.CreateRunner().TryStartAsync("api", null, CancellationToken.None));

        go.SetResult();
        var done = await _pipeline.WaitForAsync(run!.Id, run => run.Status != RunStatus.Running);
        Assert.Equal(RunStatus.Succeeded, done.Status);
    }

    [Fact]
    public async Task TryStart_FireTimeRunBefore_AnswersNull()
    {
        var midnight = new DateTimeOffset(2024, 1, 2, 0, 0, 0, TimeSpan.Zero);
        var process = _pipeline.CreateRunner();
        var first = await process.TryStartAsync("schedule", midnight, CancellationToken.None);
        await _pipeline.WaitForAsync(first!.Id, run => run.Status == RunStatus.Succeeded);
        // The first process's lease is free once it has ended, so that the fire time alone can be why there is no run.
        await process.DisposeAsync();

        Assert.Null(await _pipeline.CreateRunner().TryStartAsync("schedule", midnight, CancellationToken.None));

        Assert.Single(await _pipeline.Runs.ListAsync(null, 10, CancellationToken.None));
        Assert.NotNull(await _pipeline.CreateRunner().TryStartAsync("schedule", midnight.AddDays(1), CancellationToken.None));
    }

    [Fact]
    public async Task Run_EarlierProcessDied_MarksItsRunFailedAndCompletesItsBatch()
    {
        // What a killed process leaves: a lease that nobody renews, a run that is running, a received batch.
        var dead = new PipelineRun { Id = "0dead", Dag = "d", Trigger = "cli", Owner = "dead", StartedAt = _pipeline.Receiver.Mart.Time.GetUtcNow() };
        await _pipeline.Receiver.Leases.TryAcquireAsync("pipeline", "dead", TimeSpan.FromSeconds(15), CancellationToken.None);
        await _pipeline.Runs.TryAddAsync(dead, CancellationToken.None);
        await _pipeline.Receiver.ReceiveAsync(Sample);
        var runner = _pipeline.CreateRunner();
        Assert.Null(await runner.TryStartAsync("api", null, CancellationToken.None));

        _pipeline.Receiver.Mart.Time.Advance(TimeSpan.FromSeconds(16));
        var run = await runner.RunAsync("cli", retry: false, CancellationToken.None);

        Assert.Equal((RunStatus.Succeeded, 5L), (run.Status, run.Loaded.Inserted));
        var failed = await _pipeline.Runs.FindAsync("0dead", CancellationToken.None);
        Assert.Equal(RunStatus.Failed, failed!.Status);
        Assert.Contains("process", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_RunAtWork_StopsItAndSaysSo()
    {
        var reached = new TaskCompletionSource();
        _pipeline.Stores = [new FailingStore(_pipeline.Receiver.Mart.Store, async token =>
        {
            reached.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        })];
        var runner = _pipeline.CreateRunner();
        var run = await runner.TryStartAsync("api", null, CancellationToken.None);
        await reached.Task;

        await runner.DisposeAsync();

        var stopped = await _pipeline.Runs.FindAsync(run!.Id, CancellationToken.None);
        Assert.Equal((RunStatus.Failed, "It was stopped. The next run completes what it left."), (stopped!.Status, stopped.Error));
        Assert.NotNull(await _pipeline.Receiver.Leases.TryAcquireAsync("pipeline", "x", TimeSpan.FromSeconds(1), CancellationToken.None));
    }

    [Fact]
    public async Task Run_ExportDirectoryIsAFile_FailsInWords()
    {
        await File.WriteAllTextAsync(_pipeline.Export, "");
        var run = await _pipeline.CreateRunner().RunAsync("cli", retry: false, CancellationToken.None);
        Assert.Equal((RunStatus.Failed, "export"), (run.Status, run.Step));
        Assert.StartsWith("The export directory cannot be written.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "is not staged")]
    [InlineData("", "is damaged")]
    [InlineData("this is no database", "is damaged")]
    public async Task Run_StagedFileLostOrDamaged_SetsItsBatchAsideAndLoadsTheRest(string? content, string says)
    {
        var lost = await _pipeline.Receiver.ReceiveAsync(Header + "T009,Halal Tea,1,1,2023-10-01\n");
        await _pipeline.Receiver.ReceiveAsync(Sample);
        var staged = _pipeline.Receiver.Mart.State.PathOf($"staging/{lost.BatchId}.db");
        if (content is null) File.Delete(staged);
        else await File.WriteAllTextAsync(staged, content);
        var runner = _pipeline.CreateRunner();

        var run = await runner.RunAsync("cli", retry: false, CancellationToken.None);

        Assert.Equal((RunStatus.Succeeded, 1, 5L), (run.Status, run.Batches, run.Loaded.Inserted));
        Assert.Equal(run, await _pipeline.Runs.FindAsync(run.Id, CancellationToken.None));
        Assert.StartsWith("test.csv was not loaded: ", run.Note, StringComparison.Ordinal);
        Assert.Contains(says, run.Note, StringComparison.Ordinal);
        Assert.Contains(lost.BatchId, run.Note, StringComparison.Ordinal);
        Assert.Equal(BatchStatus.Failed, (await _pipeline.Receiver.Batches.FindAsync(lost.BatchId, CancellationToken.None))!.Status);
        Assert.Empty(await _pipeline.Receiver.Batches.ListAsync(BatchStatus.Received, CancellationToken.None));
        Assert.Empty(Directory.GetFiles(_pipeline.Receiver.Mart.State.PathOf("staging")));
        Assert.Null((await runner.RunAsync("cli", retry: false, CancellationToken.None)).Note);
    }

    private void Fail(Func<Exception?> next) => _pipeline.Stores =
        [new FailingStore(_pipeline.Receiver.Mart.Store, _ => next() is { } error ? Task.FromException(error) : Task.CompletedTask)];
}
