using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace TransactionPipeline.Testing;

/// <summary>A clock on which pauses between attempts (up to 20 s) pass at once. Longer timers are time-outs and wait for the test.</summary>
internal sealed class RushedTime() : FakeTimeProvider(new DateTimeOffset(2024, 1, 1, 12, 0, 0, TimeSpan.Zero))
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && dueTime <= LongestPause)
        {
            Pauses.Enqueue(dueTime);
            ThreadPool.UnsafeQueueUserWorkItem(_ => Advance(dueTime), null);
        }
        return timer;
    }
}
