namespace TransactionPipeline.Contract.Simulation;

/// <summary>A silo's clock: it is off, and goes a little too fast or too slow. What its timers bring runs as a task of the silo.</summary>
/// <param name="world">True time.</param>
/// <param name="tasks">The silo's tasks.</param>
/// <param name="off">How far it is ahead in the beginning.</param>
/// <param name="partsPerMillion">How much it gains.</param>
internal sealed class SiloTime(World world, SiloTasks tasks, TimeSpan off, int partsPerMillion) : TimeProvider
{
    private TimeSpan _off = off;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    // In whole microseconds, as the cache has it: time stands still here, and would never get over the rest of one.
    public override DateTimeOffset GetUtcNow() =>
        world.Now + _off + new TimeSpan(world.Elapsed.Ticks / TimeSpan.TicksPerMicrosecond * partsPerMillion / 1_000_000 * TimeSpan.TicksPerMicrosecond);

    public override long GetTimestamp() => world.Elapsed.Ticks;

    /// <summary>Somebody sets it.</summary>
    public void Jump(TimeSpan by) => _off += by;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(world, tasks, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(World world, SiloTasks tasks, TimerCallback callback, object? state) : ITimer
    {
        private Due? _due;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due = null;
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            _due = new Due(this, period);
            world.After(dueTime, _due);
            return true;
        }

        public void Dispose() => _due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire()
        {
            if (_due is not null) callback(state);
        }

        /// <summary>One setting of the timer; another one, or none, may stand in its place when it is due.</summary>
        private sealed class Due(Timer timer, TimeSpan period) : Timed
        {
            public override void Happen() => timer.Happen(this, period);
        }

        private void Happen(Due due, TimeSpan period)
        {
            if (_due != due || tasks.IsDead) return;
            if (period > TimeSpan.Zero) world.After(period, due);
            tasks.Post(Fire);
        }
    }
}
