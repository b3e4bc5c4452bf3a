using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Watch;

/// <summary>
/// Asks the marts' watches for the months that are held, so that a change reaches this process without a caller having to wait for it, and
/// takes in what they tell unasked. The poll is the truth; <see cref="Wake"/> (a notification, a transform of this process) only makes it
/// come sooner. Each mart is looked at by itself: one that hangs does not hold up the other's changes.
/// </summary>
public sealed partial class MartWatcher : BackgroundService
{
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(20);

    private readonly IReadOnlyDictionary<Mart, IMartWatch> _watches;
    private readonly IReadOnlyDictionary<Mart, IMartSource> _sources;
    private readonly IHeldKeys _held;
    private readonly NewestMonths _newest;
    private readonly CacheOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<MartWatcher> _logger;
    private readonly TaskScheduler _tasks;
    private readonly Dictionary<Mart, Bell> _bells;

    /// <summary>A watcher that looks when it is started.</summary>
    /// <param name="watches">Who is asked.</param>
    /// <param name="sources">The marts themselves, which say where they are.</param>
    /// <param name="held">Learns the change tokens.</param>
    /// <param name="newest">Learns the newest months.</param>
    /// <param name="options">How often.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where looks that failed are logged.</param>
    /// <param name="tasks">Where it runs; <see cref="TaskScheduler.Default"/> when it is not told.</param>
    public MartWatcher(
        IReadOnlyDictionary<Mart, IMartWatch> watches, IReadOnlyDictionary<Mart, IMartSource> sources, IHeldKeys held, NewestMonths newest,
        IOptions<CacheOptions> options, TimeProvider time, ILogger<MartWatcher> logger, TaskScheduler? tasks = null)
    {
        (_watches, _sources, _held, _newest, _options, _time, _logger) = (watches, sources, held, newest, options.Value, time, logger);
        _tasks = tasks ?? TaskScheduler.Default;
        _bells = watches.Keys.ToDictionary(mart => mart, _ => new Bell(_tasks, time));
        foreach (var (mart, watch) in watches) watch.Subscribe(news => HearUnasked(mart, news));
    }

    /// <summary>The marts have changed, or may have: the newest months are outdated, and the next looks come at once.</summary>
    /// <param name="store">The store whose marts these are, see <see cref="IMartSource.Store"/>; null for all marts.</param>
    public void Wake(string? store = null)
    {
        foreach (var (mart, bell) in _bells)
        {
            if (store is not null && _sources[mart].Store != store) continue;
            _newest.Outdate(mart);
            bell.Ring();
        }
    }

    /// <summary>One look at every held month of both marts.</summary>
    public Task PollAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_bells.Keys.Select(mart => PollAsync(mart, woken: false, cancellationToken)));

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => WatchAsync(stoppingToken);

    /// <summary>The loop: ends when it is cancelled.</summary>
    internal Task WatchAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_bells.Select(one => _tasks.Run(() => WatchAsync(one.Key, one.Value, cancellationToken))));

    private async Task WatchAsync(Mart mart, Bell bell, CancellationToken cancellationToken)
    {
        // So that no pause outlives it.
        await using var stopping = cancellationToken.UnsafeRegister(static bell => ((Bell)bell!).Ring(), bell);
        var woken = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            var failure = await PollAsync(mart, woken, cancellationToken);
            var isRung = await bell.PauseAsync(PauseAfter(failure));
            // Before the look, so that a waking during it brings another; and not used up by a look that failed.
            woken = isRung || (woken && failure is not null);
        }
    }

    /// <summary>What the breaker held back is looked at as soon as it lets it through: a mart that is back shows its changes at once.</summary>
    private TimeSpan PauseAfter(MartException? failure) =>
        failure?.RetryAfter is { } soon && soon < _options.Poll ? TimeSpan.FromTicks(Math.Max(soon.Ticks, Soonest.Ticks)) : _options.Poll;

    /// <summary>The failure when the mart could not be looked at; else null.</summary>
    private async Task<MartException?> PollAsync(Mart mart, bool woken, CancellationToken cancellationToken)
    {
        try
        {
            var changes = _newest.ChangesOf(mart);
            Hear(mart, await _watches[mart].LookAsync(_held.MonthsOf(mart), woken, cancellationToken), changes);
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

    private void HearUnasked(Mart mart, MartNews news)
    {
        if (news.Newest is null) _newest.Outdate(mart);
        Hear(mart, news, _newest.ChangesOf(mart));
    }

    private void Hear(Mart mart, MartNews news, int changes)
    {
        foreach (var seen in news.Tokens) _held.Learn(mart, seen.Month, seen.DataVersion, seen.AsOf);
        if (news.Newest is { } newest) _newest.Hear(mart, newest, changes);
    }

    [LoggerMessage(1, LogLevel.Debug, "The {Mart} mart's change tokens could not be read")]
    private partial void LogPollFailed(Mart mart, MartException error);

    [LoggerMessage(2, LogLevel.Error, "The look at the {Mart} mart's change tokens broke off")]
    private partial void LogPollBroken(Mart mart, Exception error);

    /// <summary>Ends the pause of the one that waits at it; nothing of that leaves the scheduler.</summary>
    private sealed class Bell(TaskScheduler tasks, TimeProvider time)
    {
        private TaskCompletionSource _over = new();
        private bool _isRung;

        public void Ring()
        {
            Volatile.Write(ref _isRung, true);
            End();
        }

        /// <summary>True when it was rung, before or meanwhile; false when the time is over.</summary>
        public async Task<bool> PauseAsync(TimeSpan length)
        {
            await using var timer = time.CreateTimer(static bell => ((Bell)bell!).End(), this, length, Timeout.InfiniteTimeSpan);
            await _over.Task;
            // Before the flag: a ring in between shortens the next pause, and none is lost.
            Volatile.Write(ref _over, new());
            return Interlocked.Exchange(ref _isRung, false);
        }

        private void End() => _ = tasks.Run(() =>
        {
            Volatile.Read(ref _over).TrySetResult();
            return Task.CompletedTask;
        });
    }
}
