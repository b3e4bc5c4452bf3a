namespace TransactionPipeline.Silo.Hosting;

/// <summary>
/// The first step of a graceful stop. The silo is not ready any more but goes on taking requests, until those who send them have seen
/// it. Then the host ends the front end (it was started last), which lets its requests finish, and the silo after it, whose grains give
/// their leases back before it leaves the cluster.
/// </summary>
internal sealed class DrainDelay(ClusterSettings settings, IHostApplicationLifetime lifetime, TimeProvider time) : IHostedLifecycleService
{
    // Before any service is stopped.
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // A stop that no signal began is told to the readiness check only now.
        lifetime.StopApplication();
        await Task.Delay(settings.Drain, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
