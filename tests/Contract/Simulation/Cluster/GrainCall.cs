namespace TransactionPipeline.Contract.Simulation.Cluster;

/// <summary>A call to a grain, under way.</summary>
internal abstract class GrainCall
{
    /// <summary>Nobody will answer it.</summary>
    public abstract void Fail(Exception reason);
}

/// <inheritdoc/>
internal sealed class GrainCall<T>(
    SimulatedCluster cluster, SimulatedSilo caller, GrainId id, Func<IGrainBase, CancellationToken, Task<T>> invoke) : GrainCall
{
    private readonly TaskCompletionSource<T> _answered = new();
    private readonly CancellationTokenSource _cancelled = new();
    private SimulatedSilo? _target;

    /// <summary>Calls the grain, wherever it is. A call that is cancelled is over for its caller at once, and for the grain when it hears of it.</summary>
    public Task<T> CallAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.UnsafeRegister(
                _ =>
                {
                    _answered.TrySetCanceled(cancellationToken);
                    if (_target is { } target) cluster.Send(caller, target, () => target.Tasks.Post(_cancelled.Cancel));
                },
                null);
        }
        Send();
        return _answered.Task;
    }

    public override void Fail(Exception reason)
    {
        _answered.TrySetException(reason);
        _target?.CallsTo.Remove(this);
    }

    private void Send()
    {
        if (cluster.Resolve(id, caller) is not { } activation)
        {
            _answered.TrySetException(new SiloUnavailableException("there is nowhere to place the grain"));
            return;
        }
        _target = activation.Silo;
        _target.CallsTo.Add(this);
        if (!cluster.Send(caller, _target, () => activation.Silo.Tasks.Post(() => _ = RunAsync(activation)))) cluster.FailLater(this);
    }

    /// <summary>In the grain's silo.</summary>
    private async Task RunAsync(Activation activation)
    {
        T? answer = default;
        Exception? failure = null;
        try
        {
            answer = await activation.RunAsync(invoke, () => new GrainCall<T>(cluster, activation.Silo, id, invoke).CallAsync(_cancelled.Token), _cancelled.Token);
        }
        catch (Exception thrown)
        {
            failure = thrown;
        }
        if (!cluster.Send(activation.Silo, caller, () => Answer(answer, failure))) cluster.FailLater(this);
    }

    private void Answer(T? answer, Exception? failure)
    {
        _target!.CallsTo.Remove(this);
        if (failure is null) _answered.TrySetResult(answer!);
        else _answered.TrySetException(failure);
    }
}
