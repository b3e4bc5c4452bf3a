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
    private readonly GrainOwner _owner;

    internal GrainKeyOwner(CachedQueryContext context, GrainOwner owner, IGrainFactory grains)
    {
        _grains = grains;
        _owner = owner;
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
        var owned = await _grains.GetGrain<IQueryGrain>(key.ToString()).DropAsync().WaitAsync(cancellationToken);
        var held = await Copies.DropAsync(key, cancellationToken);
        await _grains.GetGrain<IMartWatcherGrain>(key.Mart.Name()).DropCopiesAsync(key.ToString()).WaitAsync(cancellationToken);
        return owned || held;
    }

    /// <inheritdoc/>
    public IReadOnlyList<KeyStatus> List() => [.. Copies.List().Select(status => status with { Owner = _owner.SiloOf(status.Key) ?? status.Owner })];

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
}
