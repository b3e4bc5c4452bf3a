namespace TransactionPipeline.Contract.Simulation;

/// <summary>
/// A silo's line to a server: a call is on its way, served, and on its way back. What a silo has sent is served also when it dies or stands
/// still meanwhile.
/// </summary>
internal sealed class Link(World world)
{
    /// <summary>Calls a server.</summary>
    /// <param name="takes">How long it takes, there and back.</param>
    /// <param name="serve">What the server does; an exception is its answer.</param>
    /// <param name="onWayBack">What becomes of the answer on its way back: told the exception that it is, if it is one, and returns the one that comes.</param>
    /// <param name="onGivenUp">What happens when the caller gives up before it has its answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<T> CallAsync<T>(
        TimeSpan takes, Func<T> serve, Func<Exception?, Exception?>? onWayBack = null, Action? onGivenUp = null, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            onGivenUp?.Invoke();
            return Task.FromCanceled<T>(cancellationToken);
        }
        var there = takes / 100 * world.Dice.Below(100);
        var call = new Call<T>(world, takes - there, serve, onWayBack);
        if (cancellationToken.CanBeCanceled) call.GiveUpWhen(onGivenUp, cancellationToken);
        world.After(there, call);
        return call.Task;
    }

    private sealed class Call<T>(World world, TimeSpan back, Func<T> serve, Func<Exception?, Exception?>? onWayBack) : Timed
    {
        private readonly TaskCompletionSource<T> _answered = new();
        private CancellationTokenRegistration _givingUp;
        private T? _answer;
        private Exception? _failure;
        private bool _isServed;
        private bool _isGivenUp;

        public Task<T> Task => _answered.Task;

        public void GiveUpWhen(Action? onGivenUp, CancellationToken cancellationToken) => _givingUp = cancellationToken.UnsafeRegister(
            _ =>
            {
                onGivenUp?.Invoke();
                _isGivenUp = true;
                _answered.TrySetCanceled(cancellationToken);
            },
            null);

        public override void Happen()
        {
            if (_isGivenUp) return;
            if (!_isServed)
            {
                _isServed = true;
                try
                {
                    _answer = serve();
                }
                catch (Exception failure)
                {
                    _failure = failure;
                }
                world.After(back, this);
                return;
            }
            _givingUp.Unregister();
            if ((onWayBack is null ? _failure : onWayBack(_failure)) is { } lost) _answered.TrySetException(lost);
            else _answered.TrySetResult(_answer!);
        }
    }
}
