namespace TransactionPipeline.Grains;

/// <summary>Tells when this silo begins to leave: before the first of its grains is deactivated.</summary>
internal sealed class SiloLeaving : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _leaving = new();

    public CancellationToken Token => _leaving.Token;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(SiloLeaving), ServiceLifecycleStage.Active + 1, static _ => Task.CompletedTask, _ =>
        {
            // Here and not on the thread pool: who waits for it goes on on a scheduler of its own anyway.
            _leaving.Cancel();
            return Task.CompletedTask;
        });

    public void Dispose() => _leaving.Dispose();
}
