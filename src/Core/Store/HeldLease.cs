namespace TransactionPipeline.Core.Store;

/// <summary>
/// A lease that renews itself until disposed. A process that dies stops renewing, and after the lease's time another may take its place.
/// </summary>
public sealed class HeldLease : IAsyncDisposable
{
    private readonly ILeaseStore _store;
    private readonly Lease _lease;
    private readonly TimeSpan _duration;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _disposed = new();

    // A delay that is cancelled goes on in the thread pool, a timer that is disposed where it is awaited.
    private readonly PeriodicTimer _timer;
    private readonly Task _renewing;

    private HeldLease(ILeaseStore store, Lease lease, TimeSpan duration, TimeProvider time)
    {
        _store = store;
        _lease = lease;
        _duration = duration;
        _time = time;
        _timer = new PeriodicTimer(duration / 3, time);
        _renewing = RenewAsync();
    }

    /// <summary>What is held; goes with each write that it must fence.</summary>
    public Lease Lease => _lease;

    /// <summary>Cancelled when another holds the lease, or may hold it because it could not be renewed in time: stop the work.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Takes the lease, or answers null when another holds it.</summary>
    public static async Task<HeldLease?> TryTakeAsync(
        ILeaseStore store, string name, string holder, TimeSpan duration, TimeProvider time, CancellationToken cancellationToken) =>
        await store.TryAcquireAsync(name, holder, duration, cancellationToken) is { } lease
            ? new HeldLease(store, lease, duration, time)
            : null;

    /// <summary>Gives the lease up.</summary>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        _disposed.Cancel();
        await _renewing;
        // A store that cannot be written keeps the lease until its time is over; the work itself is done.
        await Task.WhenAny(_store.ReleaseAsync(_lease, CancellationToken.None));
        _lost.Dispose();
        _disposed.Dispose();
    }

    private async Task RenewAsync()
    {
        var held = _time.GetTimestamp();
        while (await _timer.WaitForNextTickAsync(CancellationToken.None))
        {
            try
            {
                if (await _store.RenewAsync(_lease, _duration, _disposed.Token)) held = _time.GetTimestamp();
                else break;
            }
            catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
            {
                return;
            }
            // Whatever the store's trouble is, it counts only once the time that was granted is over.
            catch (Exception) when (_time.GetElapsedTime(held) < _duration)
            {
            }
            catch (Exception)
            {
                break;
            }
        }
        if (!_disposed.IsCancellationRequested) _lost.Cancel();
    }
}
