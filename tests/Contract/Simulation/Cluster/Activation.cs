namespace TransactionPipeline.Contract.Simulation.Cluster;

/// <summary>A grain in a silo. Of what Orleans' own context offers it has what the grains here use: who they are, and that they may go.</summary>
internal sealed class Activation(SimulatedCluster cluster, SimulatedSilo silo, GrainId id) : IGrainContext
{
    private static readonly DeactivationReason Idle = new(DeactivationReasonCode.ActivationIdle, "idle");

    private IGrainBase? _grain;
    private Task? _activating;
    private TaskCompletionSource? _ended;
    private int _open;
    private bool _isGoing;

    public SimulatedSilo Silo => silo;

    public GrainId GrainId => id;

    /// <summary>Completes when it has gone.</summary>
    public TaskCompletionSource Gone { get; } = new();

    public object? GrainInstance => _grain;

    public GrainReference GrainReference => throw new NotSupportedException();

    public ActivationId ActivationId => throw new NotSupportedException();

    public GrainAddress Address => throw new NotSupportedException();

    public IServiceProvider ActivationServices => throw new NotSupportedException();

    public IGrainLifecycle ObservableLifecycle => throw new NotSupportedException();

    public IWorkItemScheduler Scheduler => throw new NotSupportedException();

    public Task Deactivated => Gone.Task;

    /// <summary>Runs a call, in its silo. One that comes while it goes finds its successor.</summary>
    public async Task<T> RunAsync<T>(Func<IGrainBase, CancellationToken, Task<T>> invoke, Func<Task<T>> elsewhere, CancellationToken cancellationToken)
    {
        if (_isGoing)
        {
            await Gone.Task;
            return await elsewhere();
        }
        _open++;
        try
        {
            await (_activating ??= ActivateAsync());
            return await invoke(_grain!, cancellationToken);
        }
        finally
        {
            _open--;
            if (_open == 0) _ended?.TrySetResult();
        }
    }

    /// <summary>It goes when its calls have ended.</summary>
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) => silo.Tasks.Post(() => _ = DeactivateAsync());

    /// <summary>Nobody has asked it for long.</summary>
    public void Deactivate() => Deactivate(Idle, CancellationToken.None);

    public async Task DeactivateAsync()
    {
        if (_isGoing)
        {
            await Gone.Task;
            return;
        }
        _isGoing = true;
        if (_open > 0)
        {
            _ended = new();
            await _ended.Task;
        }
        if (_grain is not null) await _grain.OnDeactivateAsync(Idle, CancellationToken.None);
        cluster.Forget(this);
        Gone.TrySetResult();
    }

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => id.GetHashCode();

    public object? GetComponent(Type componentType) => throw new NotSupportedException();

    public object? GetTarget() => throw new NotSupportedException();

    public void SetComponent<TComponent>(TComponent? value)
        where TComponent : class => throw new NotSupportedException();

    public void ReceiveMessage(object message) => throw new NotSupportedException();

    public void Activate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void Rehydrate(IRehydrationContext context) => throw new NotSupportedException();

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private async Task ActivateAsync()
    {
        _grain = silo.CreateGrain(this);
        await _grain.OnActivateAsync(CancellationToken.None);
    }
}
