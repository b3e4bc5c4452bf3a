using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// Looks at the marts' change tokens for the months that are held, so that a change reaches this process without a caller having to
/// wait for it. The poll is the truth; <see cref="Wake"/> (a notification, a transform of this process) only makes it come sooner.
/// Each mart is looked at by itself: one that hangs does not hold up the other's changes.
/// </summary>
public sealed partial class MartWatcher(
    IHeldKeys held, IChangeTokens tokens, NewestMonth newestMonth, IReadOnlyDictionary<Mart, IMartSource> sources,
    IOptions<CacheOptions> options, TimeProvider time, ILogger<MartWatcher> logger) : BackgroundService
{
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<Mart, Bell> _bells = sources.Keys.ToDictionary(mart => mart, _ => new Bell());

    /// <summary>The marts have changed, or may have: forgets the newest months and makes the next looks come at once.</summary>
    /// <param name="store">The store whose marts these are, see <see cref="IMartSource.Store"/>; null for all marts.</param>
    public void Wake(string? store = null)
    {
        foreach (var (mart, bell) in _bells)
        {
            if (store is not null && sources[mart].Store != store) continue;
            newestMonth.Forget(mart);
            bell.Ring();
        }
    }

    /// <summary>One look at every held month of both marts.</summary>
    public Task PollAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_bells.Keys.Select(mart => PollAsync(mart, woken: false, cancellationToken)));

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_bells.Select(one => WatchAsync(one.Key, one.Value, stoppingToken)));

    private async Task WatchAsync(Mart mart, Bell bell, CancellationToken cancellationToken)
    {
        var woken = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            var failure = await PollAsync(mart, woken, cancellationToken);
            await Task.WhenAny(bell.Rung, Task.Delay(PauseAfter(failure), time, cancellationToken));
            // Before the look, so that a waking during it brings another; and not used up by a look that failed.
            woken = bell.Reset() || (woken && failure is not null);
        }
    }

    /// <summary>What the breaker held back is looked at as soon as it lets it through: a mart that is back shows its changes at once.</summary>
    private TimeSpan PauseAfter(MartException? failure) =>
        failure?.RetryAfter is { } soon && soon < options.Value.Poll ? TimeSpan.FromTicks(Math.Max(soon.Ticks, Soonest.Ticks)) : options.Value.Poll;

    /// <summary>The failure when the mart could not be looked at; else null.</summary>
    private async Task<MartException?> PollAsync(Mart mart, bool woken, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var seen in await tokens.LookAsync(mart, held.MonthsOf(mart), woken, cancellationToken))
                held.Learn(mart, seen.Month, seen.DataVersion, seen.AsOf);
            return null;
        }
        catch (MartException unreachable)
        {
            // Nothing is known, so nothing is renewed: the answers grow stale by their own clock.
            LogPollFailed(mart, unreachable);
            return unreachable;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            // What nobody foresaw must not end the watch, and the process with it.
            LogPollBroken(mart, CauseException.Of(error)!);
            return new MartException("The look broke off.", MartFailure.Failed, error);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "The {Mart} mart's change tokens could not be read")]
    private partial void LogPollFailed(Mart mart, MartException error);

    [LoggerMessage(2, LogLevel.Error, "The look at the {Mart} mart's change tokens broke off")]
    private partial void LogPollBroken(Mart mart, Exception error);

    /// <summary>Wakes the one that waits at it.</summary>
    private sealed class Bell
    {
        private TaskCompletionSource _rung = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Rung => Volatile.Read(ref _rung).Task;

        public void Ring() => Volatile.Read(ref _rung).TrySetResult();

        /// <summary>True when it was rung.</summary>
        public bool Reset()
        {
            if (!Rung.IsCompleted) return false;
            Volatile.Write(ref _rung, new(TaskCreationOptions.RunContinuationsAsynchronously));
            return true;
        }
    }
}
