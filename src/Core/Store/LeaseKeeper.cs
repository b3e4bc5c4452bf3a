namespace TransactionPipeline.Core.Store;

/// <summary>
/// This process's way to the leases. What it could not give back, and what it may have taken without having heard so, it gives back as soon
/// as the store answers again; a lease of a process that is known to have ended it takes at once. The table's fence stays the last word:
/// whoever was wrongly taken for dead is refused when it comes back.
/// </summary>
/// <param name="table">The leases.</param>
/// <param name="holders">Which processes have ended.</param>
/// <param name="time">The clock.</param>
public sealed class LeaseKeeper(ILeaseTable table, ILeaseHolders holders, TimeProvider time) : ILeaseStore, IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>For one attempt to give back: a store that is away is asked again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>What is not given back for so long was over long ago.</summary>
    private static readonly TimeSpan OwedFor = TimeSpan.FromHours(1);

    /// <summary>So many names at most, some 300 bytes each; what is more is over by its own time.</summary>
    private const int MaxOwed = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Owed>> _owed = new(StringComparer.Ordinal);
    private volatile bool _isDisposed;
    private bool _isGivingBack;
    private volatile Task _attempt = Task.CompletedTask;
    private long _taken;

    /// <inheritdoc/>
    public async Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        foreach (var owed in OwedOf(name))
        {
            await table.ReleaseAsync(owed.Lease, cancellationToken);
            SettleIfKnown(owed);
        }
        // Each taking has a holder of its own, so that what became of it can be told from every other one's.
        var own = $"{holder}/{Interlocked.Increment(ref _taken)}";
        try
        {
            if (await table.TryAcquireAsync(name, own, duration, cancellationToken) is { } lease) return lease;
            return await table.FindHolderAsync(name, cancellationToken) is { } other && holders.HasEnded(other)
                ? await table.TakeOverAsync(name, other, own, duration, cancellationToken)
                : null;
        }
        catch
        {
            // It may have been taken all the same.
            Owe(new(new Lease(name, own, Lease.UnknownFence), time.GetTimestamp(), duration));
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) =>
        table.RenewAsync(lease, duration, cancellationToken);

    /// <inheritdoc/>
    public async Task ReleaseAsync(Lease lease, CancellationToken cancellationToken)
    {
        try
        {
            await table.ReleaseAsync(lease, cancellationToken);
        }
        catch
        {
            Owe(new(lease, time.GetTimestamp(), OwedFor));
            throw;
        }
    }

    /// <summary>Gives up on what could not be given back.</summary>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _attempt;
    }

    private void Owe(Owed owed)
    {
        lock (_gate)
        {
            if (_isDisposed) return;
            if (!_owed.TryGetValue(owed.Lease.Name, out var same))
            {
                if (_owed.Count == MaxOwed) return;
                _owed[owed.Lease.Name] = same = [];
            }
            same.Add(owed);
            if (_isGivingBack) return;
            _isGivingBack = true;
            _ = GiveBackAsync();
        }
    }

    private Owed[] OwedOf(string name)
    {
        lock (_gate) return _owed.TryGetValue(name, out var owed) ? [.. owed] : [];
    }

    /// <summary>A taking whose answer was lost may still be on its way to the store: that is given back until its time is over.</summary>
    private void SettleIfKnown(Owed owed)
    {
        if (owed.Lease.Fence != Lease.UnknownFence) Settle(owed);
    }

    private void Settle(Owed owed)
    {
        lock (_gate)
        {
            if (_owed.TryGetValue(owed.Lease.Name, out var same) && same.Remove(owed) && same.Count == 0) _owed.Remove(owed.Lease.Name);
        }
    }

    private async Task GiveBackAsync()
    {
        while (true)
        {
            await Task.Delay(Pause, time, CancellationToken.None);
            Owed[] all;
            lock (_gate)
            {
                all = [.. _owed.Values.SelectMany(owed => owed)];
                if (all.Length == 0 || _isDisposed)
                {
                    _isGivingBack = false;
                    return;
                }
            }
            await (_attempt = GiveBackAsync(all));
        }
    }

    private async Task GiveBackAsync(Owed[] all)
    {
        foreach (var owed in all)
        {
            // What is over by itself need not be given back.
            if (time.GetElapsedTime(owed.Since) >= owed.Duration) Settle(owed);
            else if (_isDisposed || !await TryGiveBackAsync(owed)) return;
        }
    }

    private async Task<bool> TryGiveBackAsync(Owed owed)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            await table.ReleaseAsync(owed.Lease, limit.Token);
            SettleIfKnown(owed);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    private sealed record Owed(Lease Lease, long Since, TimeSpan Duration);
}
