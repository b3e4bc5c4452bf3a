using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Grains.Query;
using TransactionPipeline.Grains.Watch;

namespace TransactionPipeline.Grains;

/// <summary>
/// The key owner of a silo's front end. Every silo keeps what is asked for in it in its table of keys and serves it by Core's rules; a
/// refresh asks the key's grain, which is in one silo of the cluster and does the work in that silo's table.
/// </summary>
public sealed class GrainKeyOwner : IKeyOwner, IHeldKeys, IAsyncDisposable
{
    /// <summary>An activation of a grain that has nothing to do, with its entry in the directory.</summary>
    private const long BytesPerGrain = 2_000;

    private readonly IGrainFactory _grains;
    private readonly GrainsOptions _options;
    private readonly TimeProvider _time;

    internal GrainKeyOwner(CachedQueryContext context, IRemoteOwner owner, IGrainFactory grains, GrainsOptions options)
    {
        _grains = grains;
        _options = options;
        _time = context.Time;
        Table = new KeyTable(context with { RemoteOwner = owner, OwnedKeyEvicted = EndOwning, BytesPerOwnedKey = BytesPerGrain });
    }

    /// <summary>The silo's keys.</summary>
    public KeyTable Table { get; }

    /// <inheritdoc/>
    public ValueTask<CachedAnswer> GetAsync(QueryKey key, CacheDemand demand, CancellationToken cancellationToken) =>
        Table.GetAsync(key, demand, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DropAsync(QueryKey key, CancellationToken cancellationToken)
    {
        var owned = _grains.GetGrain<IQueryGrain>(key.ToString()).DropAsync();
        var isOwnerReached = await IsReachedAsync(owned, cancellationToken);
        // From the store too: an owner that hangs does not.
        var held = await Table.DropAsync(key, cancellationToken);
        var told = _grains.GetGrain<IMartWatcherGrain>(key.Mart.Name()).DropCopiesAsync(key.ToString());
        if (!await IsReachedAsync(told, cancellationToken) || !isOwnerReached) throw new DropIncompleteException(key);
        return held || await owned;
    }

    /// <inheritdoc/>
    public IReadOnlyList<KeyStatus> List() => Table.List();

    /// <inheritdoc/>
    public IReadOnlyCollection<Month> MonthsOf(Mart mart) => Table.MonthsOf(mart);

    /// <inheritdoc/>
    public void Learn(Mart mart, Month month, string dataVersion, DateTimeOffset asOf) => Table.Learn(mart, month, dataVersion, asOf);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Table.DisposeAsync();

    /// <summary>A grain takes memory: it goes with what it owned, and not only when it has been idle for long.</summary>
    private void EndOwning(QueryKey key) => _ = _grains.GetGrain<IQueryGrain>(key.ToString()).LeaveAsync().SettledAsync();

    /// <summary>False when the call failed or did not end in good time.</summary>
    private async Task<bool> IsReachedAsync(Task call, CancellationToken cancellationToken)
    {
        // However late it fails, nobody asks for it any more.
        _ = call.SettledAsync();
        await call.WaitAsync(_options.OwnerTimeout, _time, cancellationToken).SettledAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return call.IsCompletedSuccessfully;
    }
}
