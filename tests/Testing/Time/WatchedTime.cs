using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace TransactionPipeline.Testing;

/// <summary>A clock that stands still until moved, and tells when something begins to wait for it.</summary>
internal sealed class WatchedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<TimeSpan, SemaphoreSlim> _timers = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Timers(dueTime).Release();
        return timer;
    }

    /// <summary>Returns once something waits for so long a time; each waiting is told once.</summary>
    public async Task UntilWaitedForAsync(TimeSpan time, string who)
    {
        if (!await Timers(time).WaitAsync(Patience)) throw new TimeoutException($"{who} did not begin to wait for {time}");
    }

    /// <summary>Forgets who began to wait for so long a time until now.</summary>
    public void Forget(TimeSpan time)
    {
        while (Timers(time).Wait(0)) { }
    }

    private SemaphoreSlim Timers(TimeSpan due) => _timers.GetOrAdd(due, _ => new SemaphoreSlim(0));
}
