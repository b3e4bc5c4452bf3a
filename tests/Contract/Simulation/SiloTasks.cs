namespace TransactionPipeline.Contract.Simulation;

/// <summary>
/// The tasks of one silo, which may be killed, or stand still, at any await that waits: what is queued then never runs, or runs when it is
/// back. What need not wait goes on at once, as on threads; or, in a run by single steps, when the dice say so.
/// </summary>
internal sealed class SiloTasks : TaskScheduler
{
    private readonly World _world;
    private readonly SiloContext? _context;
    private readonly List<Work> _held = [];
    private int _left = int.MaxValue;
    private Action? _onDeath;

    /// <param name="world">Runs them.</param>
    /// <param name="silo">Whose tasks they are.</param>
    /// <param name="isStepped">Whether each continuation waits for its turn.</param>
    public SiloTasks(World world, SimulatedSilo silo, bool isStepped)
    {
        (_world, Silo) = (world, silo);
        if (!isStepped) _context = new SiloContext(this);
    }

    /// <summary>What its continuations come back through; null where they come back through the scheduler.</summary>
    internal SynchronizationContext? Context => _context;

    /// <summary>Whose tasks they are.</summary>
    public SimulatedSilo Silo { get; }

    /// <summary>It stands still.</summary>
    public bool IsFrozen { get; private set; }

    /// <summary>Its memory is gone.</summary>
    public bool IsDead { get; private set; }

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Dies when it has run so many tasks more.</summary>
    public void DieAfter(int tasks, Action onDeath)
    {
        (_left, _onDeath) = (tasks, onDeath);
        if (tasks == 0) Die();
    }

    public void Freeze()
    {
        IsFrozen = true;
        _held.AddRange(_world.TakeBack(this));
    }

    public void Thaw()
    {
        IsFrozen = false;
        foreach (var work in _held) _world.Ready(work);
        _held.Clear();
    }

    /// <summary>Begins something here.</summary>
    public void Post(Action action) => new Task(action).Start(this);

    /// <summary>Called by the world.</summary>
    internal void Run(object what, object? state)
    {
        if (what is Task task) TryExecuteTask(task);
        else ((SendOrPostCallback)what)(state);
        if (--_left == 0) Die();
    }

    protected override void QueueTask(Task task) => Queue(task, null);

    // Each waits for its turn.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];

    private void Die()
    {
        if (IsDead) return;
        IsDead = true;
        _held.Clear();
        _world.TakeBack(this);
        _onDeath?.Invoke();
    }

    private void Queue(object what, object? state)
    {
        if (IsDead || _world.IsOver) return;
        if (IsFrozen) _held.Add(new(this, what, state));
        else _world.Ready(new(this, what, state));
    }

    /// <summary>Continuations come back to where they began through it, which costs half of what they do through the scheduler.</summary>
    private sealed class SiloContext(SiloTasks tasks) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => tasks.Queue(d, state);

        public override SynchronizationContext CreateCopy() => this;
    }

    /// <summary>A task, or a callback with its state.</summary>
    internal readonly record struct Work(SiloTasks Tasks, object What, object? State);
}
