using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Grains.Query;
using TransactionPipeline.Grains.Watch;

namespace TransactionPipeline.Grains;

/// <summary>
/// The key owner of a silo's front end. Every silo keeps copies of the snapshots that are asked for in it and serves them by Core's
/// rules; a refresh of a copy asks the key's grain, which is in one silo of the cluster and keeps the key there.
/// </summary>
public sealed class GrainKeyOwner : IKeyOwner, IHeldKeys, IAsyncDisposable
{
    private readonly IGrainFactory _grains;
    private readonly GrainsOptions _options;
    private readonly TimeProvider _time;

    internal GrainKeyOwner(CachedQueryContext context, IRemoteOwner owner, IGrainFactory grains, GrainsOptions options)
    {
        _grains = grains;
        _options = options;
        _time = context.Time;
        // Half the memory for each. Rows that this silo both owns and serves are one object, but are counted in both.
        var half = context.MemoryShare / 2;
        Copies = new LocalKeyOwner(context with { RemoteOwner = owner, MemoryShare = half });
        Owned = new LocalKeyOwner(context with { MoreBroader = Copies, MemoryShare = half });
    }

    /// <summary>The copies in front of the grains.</summary>
    public LocalKeyOwner Copies { get; }

    /// <summary>The keys whose grains are in this silo.</summary>
    public LocalKeyOwner Owned { get; }

    /// <inheritdoc/>
    public ValueTask<CachedAnswer> GetAsync(QueryKey key, CacheDemand demand, CancellationToken cancellationToken) =>
        Copies.GetAsync(key, demand, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DropAsync(QueryKey key, CancellationToken cancellationToken)
    {
        var owned = _grains.GetGrain<IQueryGrain>(key.ToString()).DropAsync();
        var isOwnerReached = await IsReachedAsync(owned, cancellationToken);
        // From the store too: an owner that hangs does not.
        var held = await Copies.DropAsync(key, cancellationToken);
        var told = _grains.GetGrain<IMartWatcherGrain>(key.Mart.Name()).DropCopiesAsync(key.ToString());
        if (!await IsReachedAsync(told, cancellationToken) || !isOwnerReached) throw new DropIncompleteException(key);
        return held || await owned;
    }

    /// <inheritdoc/>
    public IReadOnlyList<KeyStatus> List() => Copies.List();

    /// <inheritdoc/>
    public IReadOnlyCollection<Month> MonthsOf(Mart mart) => Copies.MonthsOf(mart).Union(Owned.MonthsOf(mart)).ToHashSet();

    /// <inheritdoc/>
    public void Learn(Mart mart, Month month, string dataVersion, DateTimeOffset asOf)
    {
        // The owned first: copies that are outdated then find their owner at work already.
        Owned.Learn(mart, month, dataVersion, asOf);
        Copies.Learn(mart, month, dataVersion, asOf);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Copies.DisposeAsync();
        await Owned.DisposeAsync();
    }

    /// <summary>False when the call failed or did not end in good time.</summary>
    private async Task<bool> IsReachedAsync(Task call, CancellationToken cancellationToken)
    {
        await call.WaitAsync(_options.OwnerTimeout, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return call.IsCompletedSuccessfully;
    }
}
