using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace TransactionPipeline.Testing;

/// <summary>A clock that stands still until somebody waits for it: tells of each timer that is made, so that the test can let time pass.</summary>
internal sealed class SteppedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>Ends when the next timer has been made that no earlier call has told of.</summary>
    public ValueTask<TimeSpan> NextTimerAsync(CancellationToken cancellationToken) => _timers.Reader.ReadAsync(cancellationToken);

    /// <summary>
    /// Ends when the next timer has been made that is to end, and tells how long it waits. (A time-out's is often made without an end
    /// and set afterwards.)
    /// </summary>
    public async Task<TimeSpan> NextPauseAsync(string what)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            while (true)
            {
                var due = await NextTimerAsync(limit.Token);
                if (due > TimeSpan.Zero) return due;
            }
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"{what} did not happen", late);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        // One that repeats is made anew by each of its ticks, as it were.
        var ticking = period > TimeSpan.Zero
            ? told =>
            {
                callback(told);
                _timers.Writer.TryWrite(period);
            }
        : callback;
        var timer = base.CreateTimer(ticking, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }
}
