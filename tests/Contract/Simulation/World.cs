using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>
/// All that happens, one thing at a time, on the thread that says so: the tasks of all silos in an order that the dice give, and what
/// time brings when there are none. Time stands still while anything can run.
/// </summary>
internal sealed class World(ulong schedule)
{
    /// <summary>When all histories begin.</summary>
    public static readonly DateTimeOffset Beginning = new(2024, 1, 1, 12, 0, 0, TimeSpan.Zero);

    // Many times more than any run has that ends.
    private const int MaxTasks = 100_000;

    private readonly PriorityQueue<Timed, long> _timed = new();
    private readonly List<SiloTasks.Work> _ready = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private volatile string? _strayed;
    private long _sequence;
    private int _tasks;


    /// <summary>What decides all that is left to chance while the plan is carried out.</summary>
    public Dice Dice { get; } = new(schedule);

    /// <summary>True time since the beginning.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>True time.</summary>
    public DateTimeOffset Now => Beginning + Elapsed;

    /// <summary>What happened, as those outside see it.</summary>
    public List<HistoryEvent> History { get; } = [];

    /// <summary>What happened inside, for people; null unless it is wanted.</summary>
    public List<(int AfterEvents, string What)>? Trace { get; set; }

    /// <summary>Whose tasks run now; null while what happens is outside of all silos.</summary>
    public SiloTasks? Running { get; private set; }

    /// <summary>Whether more was done than any run does that ends: something goes round and round.</summary>
    public bool IsEndless => _tasks > MaxTasks;

    /// <summary>Whether all is over: nothing runs any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Has something happen after <paramref name="delay"/>, in the order of the calls when at the same time.</summary>
    public void After(TimeSpan delay, Timed what)
    {
        // In microseconds, with a number behind: the order of equal times.
        var due = (Elapsed + delay).Ticks / TimeSpan.TicksPerMicrosecond;
        _timed.Enqueue(what, (due << 24) | (++_sequence & 0xFFFFFF));
    }

    /// <inheritdoc cref="After(TimeSpan, Timed)"/>
    public void After(TimeSpan delay, Action what) => After(delay, new TimedAction(what));

    /// <summary>Runs until <paramref name="isDone"/>, or until the end of time.</summary>
    public void Run(TimeSpan end, Func<bool> isDone)
    {
        // The test runner's own context would be awaited on before a silo's scheduler.
        var runners = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            while (!isDone() && !IsEndless)
            {
                if (_strayed is { } where) throw new InvalidOperationException($"Another thread has queued work here:\n{where}");
                if (_ready.Count > 0) RunOne();
                else if (_timed.TryPeek(out _, out var due) && Time(due) <= end) HappenNext();
                else return;
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(runners);
        }
    }

    /// <summary>Nothing runs any more.</summary>
    public void End()
    {
        IsOver = true;
        _ready.Clear();
    }

    /// <summary>Tells people what happens inside.</summary>
    public void Tell(string what) => Trace?.Add((History.Count, $"{Now:HH:mm:ss.ffffff} {what}"));

    /// <summary>Something of a silo may run.</summary>
    public void Ready(SiloTasks.Work work)
    {
        if (Environment.CurrentManagedThreadId == _thread) _ready.Add(work);
        // What the collector finalizes when all is over, nobody runs.
        else if (!IsOver) _strayed = Environment.StackTrace;
    }

    /// <summary>Takes back what may run of a silo.</summary>
    public List<SiloTasks.Work> TakeBack(SiloTasks tasks)
    {
        var taken = _ready.FindAll(work => work.Tasks == tasks);
        if (taken.Count > 0) _ready.RemoveAll(work => work.Tasks == tasks);
        return taken;
    }

    private void RunOne()
    {
        _tasks++;
        var at = _ready.Count == 1 ? 0 : Dice.Below(_ready.Count);
        var work = _ready[at];
        _ready[at] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        Enter(work.Tasks);
        work.Tasks.Run(work.What, work.State);
    }

    private void HappenNext()
    {
        _timed.TryDequeue(out var next, out var due);
        // What is due within a microsecond is due now.
        if (Time(due) is var time && time > Elapsed) Elapsed = time;
        Enter(null);
        next!.Happen();
    }

    private void Enter(SiloTasks? tasks)
    {
        if (tasks == Running) return;
        Running = tasks;
        SynchronizationContext.SetSynchronizationContext(tasks?.Context);
    }

    private static TimeSpan Time(long due) => TimeSpan.FromMicroseconds(due >> 24);
}
