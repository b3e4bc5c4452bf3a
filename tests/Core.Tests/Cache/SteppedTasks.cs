namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>Runs what is queued on the thread that says so, one at a time, in an order that the random numbers give.</summary>
internal sealed class SteppedTasks(Random random) : TaskScheduler
{
    private readonly List<Task> _queued = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private volatile string? _strayed;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Throws when the caller is not where all of this scheduler's work runs.</summary>
    public void AssertHere()
    {
        if (Environment.CurrentManagedThreadId != _thread || Current != this)
            throw new InvalidOperationException($"Something runs on {Current.GetType().Name} and left the scheduler that it was started on.");
    }

    /// <summary>Runs one of those that are queued; false when there is none.</summary>
    public bool RunOne()
    {
        if (_strayed is { } where) throw new InvalidOperationException($"Another thread has queued work here:\n{where}");
        if (_queued.Count == 0) return false;
        var next = random.Next(_queued.Count);
        var task = _queued[next];
        _queued.RemoveAt(next);
        // The test runner's own context would be awaited on before this scheduler.
        var runners = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        TryExecuteTask(task);
        SynchronizationContext.SetSynchronizationContext(runners);
        return true;
    }

    protected override void QueueTask(Task task)
    {
        // Told by the next step; what the collector finalizes when all is over, nobody runs.
        if (Environment.CurrentManagedThreadId == _thread) _queued.Add(task);
        else _strayed = Environment.StackTrace;
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _queued;
}
