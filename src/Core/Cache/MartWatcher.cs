using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// Looks at the marts' change tokens for the months that are held, so that a change reaches this process without a caller having to
/// wait for it. The poll is the truth; <see cref="Wake"/> (a notification, a transform of this process) only makes it come sooner.
/// </summary>
public sealed partial class MartWatcher(
    IHeldKeys held, IChangeTokens tokens, NewestMonth newestMonth, IReadOnlyDictionary<Mart, IMartSource> sources,
    IOptions<CacheOptions> options, TimeProvider time, ILogger<MartWatcher> logger) : BackgroundService
{
    private readonly SemaphoreSlim _polling = new(1, 1);
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The mart has changed, or may have: forgets the newest month and makes the next look come at once.</summary>
    public void Wake()
    {
        foreach (var mart in sources.Keys) newestMonth.Forget(mart);
        Volatile.Read(ref _woken).TrySetResult();
    }

    /// <summary>One look at every held month of both marts.</summary>
    public Task PollAsync(CancellationToken cancellationToken) => PollAsync(woken: false, cancellationToken);

    private async Task PollAsync(bool woken, CancellationToken cancellationToken)
    {
        await _polling.WaitAsync(cancellationToken);
        try
        {
            foreach (var mart in sources.Keys) await PollAsync(mart, woken, cancellationToken);
        }
        finally
        {
            _polling.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _polling.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var woken = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            await PollAsync(woken, stoppingToken);
            await Task.WhenAny(_woken.Task, Task.Delay(options.Value.Poll, time, stoppingToken));
            // Made new before the look, so that a waking during it brings another.
            woken = _woken.Task.IsCompleted;
            if (woken) Volatile.Write(ref _woken, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    private async Task PollAsync(Mart mart, bool woken, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var seen in await tokens.LookAsync(mart, held.MonthsOf(mart), woken, cancellationToken))
                held.Learn(mart, seen.Month, seen.DataVersion, seen.AsOf);
        }
        catch (MartException unreachable)
        {
            // Nothing is known, so nothing is renewed: the answers grow stale by their own clock.
            LogPollFailed(mart, unreachable);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "The {Mart} mart's change tokens could not be read")]
    private partial void LogPollFailed(Mart mart, MartException error);
}
