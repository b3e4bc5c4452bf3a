using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Pipeline;

/// <summary>
/// Runs transform_sales_mart: one run at a time over all processes, under a lease; an attempt that fails is repeated later, behind
/// the caller's back. Between attempts the lease is free, so that an upload need not wait for a failed run's retry.
/// </summary>
public sealed partial class PipelineRunner : IAsyncDisposable
{
    private const string LeaseName = "pipeline";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    // How long a retry that finds the store away leaves it alone.
    private static readonly TimeSpan StoreAwayDelay = TimeSpan.FromSeconds(5);

    private readonly PipelineSteps _steps;
    private readonly IRunStore _runs;
    private readonly ILeaseStore _leases;
    private readonly OrchestrationOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TimeSpan _leaseTime;
    private readonly string _owner;
    private readonly RunRecorder _recorder;
    private readonly RunnerPresence _presence;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _background = [];
    private bool _disposed;

    /// <summary>A runner of this process.</summary>
    public PipelineRunner(
        PipelineSteps steps, IRunStore runs, ILeaseStore leases, ILeaseHolders holders, IOptions<OrchestrationOptions> options,
        TimeProvider time, ILogger<PipelineRunner> logger)
    {
        _steps = steps;
        _runs = runs;
        _leases = leases;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _leaseTime = TimeSpan.FromSeconds(_options.LeaseSeconds);
        _owner = holders.Own;
        _recorder = new RunRecorder(runs, logger);
        _presence = new RunnerPresence(leases, _owner, _leaseTime, time, _recorder.FlushAsync);
    }

    /// <summary>Raised when a run has changed rows of the marts, so that what watches them need not wait for its next look.</summary>
    public event EventHandler? MartsChanged;

    /// <summary>Starts a run and does not wait for it.</summary>
    /// <param name="trigger">What starts it, see <see cref="PipelineRun.Trigger"/>.</param>
    /// <param name="fireTime">For a scheduled run: the time it was due.</param>
    /// <param name="cancellationToken">Gives up starting; a run that has begun goes on.</param>
    /// <returns>The run; null when one is running, in whatever process, or the fire time has been run already.</returns>
    public async Task<PipelineRun?> TryStartAsync(string trigger, DateTimeOffset? fireTime, CancellationToken cancellationToken)
    {
        if (await TryTakeLeaseAsync(cancellationToken) is not { } lease) return null;
        if (await BeginAsync(trigger, fireTime, lease, cancellationToken) is not { } run) return null;
        GoOnBehind(run.Id, async () => await RetryAsync(await AttemptAsync(run, lease, _stopping.Token)));
        return run;
    }

    /// <summary>Waits for its turn, then makes a first attempt; the others follow behind when <paramref name="retry"/> is set.</summary>
    /// <param name="trigger">What starts it, see <see cref="PipelineRun.Trigger"/>.</param>
    /// <param name="retry">False for a process that does not stay: a failed attempt is then the end of the run.</param>
    /// <param name="cancellationToken">Stops the waiting and the first attempt.</param>
    /// <returns>The run after its first attempt: succeeded, retrying or failed.</returns>
    public async Task<PipelineRun> RunAsync(string trigger, bool retry, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        var lease = await TakeLeaseAsync(stop.Token);
        var run = (await BeginAsync(trigger, fireTime: null, lease, stop.Token))!;
        run = await AttemptAsync(run, lease, stop.Token, retry);
        if (run.Status == RunStatus.Retrying) GoOnBehind(run.Id, () => RetryAsync(run));
        return run;
    }

    /// <summary>Marks runs failed, of whatever process, whose process died before they ended. A run of one that lives stays as it is.</summary>
    /// <exception cref="StoreException">The store is away.</exception>
    public async Task FailOrphansAsync(CancellationToken cancellationToken)
    {
        foreach (var owner in await _runs.ListOwnersAsync(cancellationToken))
        {
            if (!await _presence.IsDeadAsync(owner, cancellationToken)) continue;
            var orphans = await _runs.FailOrphansAsync(owner, cancellationToken);
            if (orphans > 0) LogOrphans(_logger, orphans);
        }
    }

    /// <summary>Stops what runs here: each run ends as failed, and what it left is completed by the next one.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        await _stopping.CancelAsync();
        Task[] background;
        lock (_background) background = [.. _background];
        await Task.WhenAll(background);
        await _presence.DisposeAsync();
        _recorder.Dispose();
        _stopping.Dispose();
    }

    private void GoOnBehind(string runId, Func<Task> work)
    {
        async Task LogFailureAsync()
        {
            try
            {
                await work();
            }
            catch (Exception error)
            {
                LogBroken(_logger, error, runId);
            }
        }

        lock (_background)
        {
            _background.RemoveAll(task => task.IsCompleted);
            _background.Add(Task.Run(LogFailureAsync, CancellationToken.None));
        }
    }

    private Task<HeldLease?> TryTakeLeaseAsync(CancellationToken cancellationToken) =>
        HeldLease.TryTakeAsync(_leases, LeaseName, _owner, _leaseTime, _time, cancellationToken);

    private async Task<HeldLease> TakeLeaseAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await TryTakeLeaseAsync(cancellationToken) is { } lease) return lease;
            await Task.Delay(Poll, _time, cancellationToken);
        }
    }

    // From here on the lease belongs to the run: it is given up when there is none, or at the end of the attempt.
    private async Task<PipelineRun?> BeginAsync(
        string trigger, DateTimeOffset? fireTime, HeldLease lease, CancellationToken cancellationToken)
    {
        var added = false;
        try
        {
            await _presence.ShowAsync(cancellationToken);
            await FailOrphansAsync(cancellationToken);
            var now = _time.GetUtcNow();
            var run = new PipelineRun
            {
                Id = Guid.CreateVersion7(now).ToString("N"),
                Dag = _options.Dag,
                Trigger = trigger,
                FireTime = fireTime,
                Owner = _owner,
                StartedAt = now,
            };
            added = await _runs.TryAddAsync(run, cancellationToken);
            return added ? run : null;
        }
        finally
        {
            if (!added) await lease.DisposeAsync();
        }
    }

    private async Task<PipelineRun> AttemptAsync(PipelineRun run, HeldLease lease, CancellationToken cancellationToken, bool retry = true)
    {
        await using var held = lease;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        var started = _time.GetTimestamp();
        try
        {
            await _steps.RunAsync(run, changed => _recorder.WriteAsync(run = changed), stop.Token);
            run = run with { Status = RunStatus.Succeeded, FinishedAt = _time.GetUtcNow(), Error = null };
            LogSucceeded(_logger, run.Id, run.Batches, run.Months, _time.GetElapsedTime(started).TotalSeconds);
            MartsChanged?.Invoke(this, EventArgs.Empty);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            run = Fail(run, "It was stopped. The next run completes what it left.");
        }
        catch (Exception error)
        {
            LogAttemptFailed(_logger, error, run.Id, run.Attempt, run.Step);
            var says = PipelineSteps.Explain(error, run.Step);
            run = retry && run.Attempt <= _options.Retries
                ? run with { Status = RunStatus.Retrying, Error = says, NextAttemptAt = _time.GetUtcNow().AddSeconds(_options.RetryDelaySeconds) }
                : Fail(run, says);
        }
        await _recorder.SaveAsync(run);
        return run;
    }

    private async Task RetryAsync(PipelineRun run)
    {
        var late = false;
        while (run.Status == RunStatus.Retrying)
        {
            try
            {
                var wait = run.NextAttemptAt!.Value - _time.GetUtcNow();
                if (wait > TimeSpan.Zero) await Task.Delay(wait, _time, _stopping.Token);
                var lease = await TakeLeaseAsync(_stopping.Token);
                late = false;
                run = run with { Status = RunStatus.Running, Attempt = run.Attempt + 1, NextAttemptAt = null };
                await _recorder.SaveAsync(run);
                run = await AttemptAsync(run, lease, _stopping.Token);
            }
            catch (Exception error) when (_stopping.IsCancellationRequested && error is (OperationCanceledException or StoreException))
            {
                run = Fail(run, $"{run.Error} The server was stopped before the next attempt.");
                await _recorder.SaveAsync(run);
            }
            // The attempt has not begun, so none is used up: it is late, as long as the store is away.
            catch (StoreException away)
            {
                if (!late) LogLate(_logger, away, run.Id);
                late = true;
                await Task.WhenAny(Task.Delay(StoreAwayDelay, _time, _stopping.Token));
            }
        }
    }

    private PipelineRun Fail(PipelineRun run, string says) =>
        run with { Status = RunStatus.Failed, Error = says, FinishedAt = _time.GetUtcNow(), NextAttemptAt = null };

    [LoggerMessage(LogLevel.Information, "Run {Run} succeeded: {Batches} batches loaded, {Months} months changed, {Seconds:0.00} seconds")]
    private static partial void LogSucceeded(ILogger logger, string run, int batches, int months, double seconds);

    [LoggerMessage(LogLevel.Error, "Run {Run}, attempt {Attempt} failed in step {Step}")]
    private static partial void LogAttemptFailed(ILogger logger, Exception error, string run, int attempt, string step);

    [LoggerMessage(LogLevel.Warning, "{Count} earlier runs were marked failed: their process ended before they did")]
    private static partial void LogOrphans(ILogger logger, int count);

    [LoggerMessage(LogLevel.Warning, "Run {Run}: the store is away, so its next attempt is late")]
    private static partial void LogLate(ILogger logger, Exception error, string run);

    [LoggerMessage(LogLevel.Error, "Run {Run} broke off")]
    private static partial void LogBroken(ILogger logger, Exception error, string run);
}
