using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Pipeline;

/// <summary>
/// Tells the other processes that this one lives, and so that its runs go on: a lease in the process's name, from its first run until it
/// ends. It outlasts an outage of the store: other than a lease on work, it is taken anew as soon as the store is back.
/// </summary>
/// <param name="leases">Where.</param>
/// <param name="owner">The process, as <see cref="PipelineRun.Owner"/> names it.</param>
/// <param name="leaseTime">How long a process may be silent before it counts as dead; renewed three times in that time.</param>
/// <param name="time">The clock.</param>
/// <param name="storeAnswered">Called after each renewal. A <see cref="StoreException"/> of it counts as one of the renewal.</param>
internal sealed class RunnerPresence(ILeaseStore leases, string owner, TimeSpan leaseTime, TimeProvider time, Func<Task> storeAnswered)
    : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _disposed = new();
    private Lease? _lease;
    private Task? _renewing;

    /// <summary>Returns once the others can know that this process lives.</summary>
    /// <exception cref="StoreException">The store is away.</exception>
    public async Task ShowAsync(CancellationToken cancellationToken)
    {
        if (_renewing is not null) return;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_renewing is not null) return;
            await HoldAsync(cancellationToken);
            _renewing = RenewAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>True when another process of that name has died; asked by whoever would end its runs.</summary>
    /// <exception cref="StoreException">The store is away.</exception>
    public async Task<bool> IsDeadAsync(string other, CancellationToken cancellationToken)
    {
        if (other == owner || await leases.TryAcquireAsync(LeaseName(other), owner, leaseTime, cancellationToken) is not { } free) return false;
        await leases.ReleaseAsync(free, cancellationToken);
        return true;
    }

    /// <summary>From now on the process counts as dead.</summary>
    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        if (_renewing is not null) await _renewing;
        // A store that is away keeps the lease until its time is over.
        if (_lease is not null) await Task.WhenAny(leases.ReleaseAsync(_lease, CancellationToken.None));
        _gate.Dispose();
        _disposed.Dispose();
    }

    private static string LeaseName(string owner) => $"process/{owner}";

    private async Task HoldAsync(CancellationToken cancellationToken)
    {
        if (_lease is not null && await leases.RenewAsync(_lease, leaseTime, cancellationToken)) return;
        _lease = await leases.TryAcquireAsync(LeaseName(owner), owner, leaseTime, cancellationToken);
    }

    private async Task RenewAsync()
    {
        while (true)
        {
            await Task.WhenAny(Task.Delay(leaseTime / 3, time, _disposed.Token));
            if (_disposed.IsCancellationRequested) return;
            try
            {
                await HoldAsync(_disposed.Token);
                await storeAnswered();
            }
            catch (Exception away) when (away is StoreException or OperationCanceledException)
            {
                // Again at the next turn.
            }
        }
    }
}
