using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Pipeline;

/// <summary>Leases and runs of a store that can be away, and that tells when it was asked to write.</summary>
internal sealed class FlakyStore(ILeaseStore leases, IRunStore runs) : ILeaseStore, IRunStore
{
    public Action? Asked { get; set; }

    public bool Away { get; set; }

    /// <summary>Told the name of each lease that has been renewed.</summary>
    public Action<string>? Renewed { get; set; }

    public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
        AskAsync(() => leases.TryAcquireAsync(name, holder, duration, cancellationToken));

    public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            var held = await leases.RenewAsync(lease, duration, cancellationToken);
            if (held) Renewed?.Invoke(lease.Name);
            return held;
        });

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            await leases.ReleaseAsync(lease, cancellationToken);
            return true;
        });

    public Task<bool> TryAddAsync(PipelineRun run, CancellationToken cancellationToken) => AskAsync(() => runs.TryAddAsync(run, cancellationToken));

    public Task UpdateAsync(PipelineRun run, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            await runs.UpdateAsync(run, cancellationToken);
            return true;
        });

    public Task<IReadOnlyList<string>> ListOwnersAsync(CancellationToken cancellationToken) => AskAsync(() => runs.ListOwnersAsync(cancellationToken));

    public Task<int> FailOrphansAsync(string owner, CancellationToken cancellationToken) => AskAsync(() => runs.FailOrphansAsync(owner, cancellationToken));

    public Task<PipelineRun?> FindAsync(string id, CancellationToken cancellationToken) => AskAsync(() => runs.FindAsync(id, cancellationToken));

    public Task<IReadOnlyList<PipelineRun>> ListAsync(string? before, int limit, CancellationToken cancellationToken) =>
        AskAsync(() => runs.ListAsync(before, limit, cancellationToken));

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return Away ? throw new StoreException("The store is away.", MartFailure.Transient) : await ask();
        }
        finally
        {
            Asked?.Invoke();
        }
    }
}
