using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Tests.Ingestion;
using Wrap = Microsoft.Extensions.Options.Options;

namespace TransactionPipeline.Core.Tests.Pipeline;

/// <summary>A pipeline over an embedded mart and store in a directory of their own; any of its stores may be made to fail.</summary>
internal sealed class PipelineFixture : IAsyncDisposable
{
    private readonly List<PipelineRunner> _runners = [];

    public PipelineFixture()
    {
        Runs = new SqliteRunStore(Receiver.Store, Receiver.Mart.Time);
        Stores = [Receiver.Mart.Store];
    }

    public ReceiverFixture Receiver { get; } = new();

    public SqliteRunStore Runs { get; }

    public IReadOnlyList<ITransactionStore> Stores { get; set; }

    public OrchestrationOptions Options { get; } = new();

    public string Export => Receiver.Mart.State.PathOf("export");

    /// <summary>Another process, as far as leases go.</summary>
    public PipelineRunner CreateRunner()
    {
        var steps = new PipelineSteps(
            Stores, Receiver.CreateReceiver(), Receiver.Batches, Runs, new SummaryExporter(Export), Wrap.Create(Receiver.Options));
        var runner = new PipelineRunner(
            steps, Runs, Receiver.Leases, Wrap.Create(Options), Receiver.Mart.Time, NullLogger<PipelineRunner>.Instance);
        _runners.Add(runner);
        return runner;
    }

    /// <summary>Lets fake time pass until the run is as <paramref name="isSo"/> says.</summary>
    public async Task<PipelineRun> AdvanceUntilAsync(string runId, TimeSpan step, Predicate<PipelineRun> isSo)
    {
        for (var i = 0; i < 2000; i++)
        {
            var run = (await Runs.FindAsync(runId, CancellationToken.None))!;
            if (isSo(run)) return run;
            Receiver.Mart.Time.Advance(step);
            await Task.Yield();
        }
        throw new TimeoutException($"Run {runId} never got there: {await Runs.FindAsync(runId, CancellationToken.None)}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var runner in _runners) await runner.DisposeAsync();
        Receiver.Dispose();
    }
}
