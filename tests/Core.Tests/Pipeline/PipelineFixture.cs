using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;
using Wrap = Microsoft.Extensions.Options.Options;

namespace TransactionPipeline.Core.Tests.Pipeline;

/// <summary>A pipeline over an embedded mart and store in a directory of their own; any of its stores may be made to fail.</summary>
internal sealed class PipelineFixture : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly List<PipelineRunner> _runners = [];
    // At most one: what was written several times since the last look is looked at once.
    private readonly Channel<bool> _asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public PipelineFixture()
    {
        Runs = new SqliteRunStore(Receiver.Store, Receiver.Mart.Time);
        Store = new FlakyStore(Receiver.Leases, Runs);
        Stores = [Receiver.Mart.Store];
        Store.Asked += () => _asked.Writer.TryWrite(true);
    }

    public ReceiverFixture Receiver { get; } = new();

    /// <summary>The run history, also while the runners' <see cref="Store"/> is away.</summary>
    public SqliteRunStore Runs { get; }

    /// <summary>Where the runners have their leases and runs.</summary>
    public FlakyStore Store { get; }

    public IReadOnlyList<ITransactionStore> Stores { get; set; }

    public OrchestrationOptions Options { get; } = new();

    public string Export => Receiver.Mart.State.PathOf("export");

    /// <summary>Another process, as far as leases go.</summary>
    public PipelineRunner CreateRunner()
    {
        var steps = new PipelineSteps(
            Stores, Receiver.CreateReceiver(), Receiver.Batches, new SummaryExporter(Export), Wrap.Create(Receiver.Options),
            NullLogger<PipelineSteps>.Instance);
        var runner = new PipelineRunner(steps, Store, Store, new LoneProcess(), Wrap.Create(Options), Receiver.Mart.Time, NullLogger<PipelineRunner>.Instance);
        _runners.Add(runner);
        return runner;
    }

    /// <summary>Waits, without moving the clock, until the run is as <paramref name="isSo"/> says.</summary>
    public async Task<PipelineRun> WaitForAsync(string runId, Predicate<PipelineRun> isSo)
    {
        while (true)
        {
            var run = (await Runs.FindAsync(runId, CancellationToken.None))!;
            if (isSo(run)) return run;
            try
            {
                await _asked.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            }
            catch (TimeoutException late)
            {
                throw new TimeoutException($"What the test waits for did not happen to {run}", late);
            }
        }
    }

    /// <summary>Lets the time pass that a failed run waits for its next attempt.</summary>
    public async Task PassRetryDelayAsync()
    {
        var delay = TimeSpan.FromSeconds(Options.RetryDelaySeconds);
        await Receiver.Mart.Time.UntilWaitedForAsync(delay, "The retry");
        Receiver.Mart.Time.Advance(delay);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var runner in _runners) await runner.DisposeAsync();
        Receiver.Dispose();
    }
}
