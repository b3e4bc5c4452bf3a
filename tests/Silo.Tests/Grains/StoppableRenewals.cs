using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>Leases that are not renewed once <see cref="Stopped"/>: a silo that is killed inside this process runs on, and would renew its own.</summary>
internal sealed class StoppableRenewals
{
    private volatile bool _stopped;

    public bool Stopped
    {
        get => _stopped;
        set => _stopped = value;
    }

    public ILeaseStore Over(ILeaseStore leases) => new Leases(leases, this);

    private sealed class Leases(ILeaseStore leases, StoppableRenewals renewals) : ILeaseStore
    {
        public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
            leases.TryAcquireAsync(name, holder, duration, cancellationToken);

        public async Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken)
        {
            if (renewals.Stopped) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return await leases.RenewAsync(lease, duration, cancellationToken);
        }

        public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => leases.ReleaseAsync(lease, cancellationToken);
    }
}
