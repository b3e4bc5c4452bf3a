using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Grains.Watch;

/// <summary>The mart's watcher in the cluster, as this silo asks it and hears of it: it asks the mart once for all silos.</summary>
internal sealed class ClusterWatch(
    Mart mart, IMartSource source, IGrainFactory grains, ISiloStatusOracle silo, GrainKeyOwner keys, IOptions<GrainsOptions> options, TimeProvider time)
    : IMartWatch, IMartListener
{
    private readonly Lock _gate = new();
    private IMartListener? _reference;
    private Action<MartNews>? _listeners;

    private IMartWatcherGrain Watcher => grains.GetGrain<IMartWatcherGrain>(mart.Name());

    /// <summary>This silo, for watchers in others. Made late: it exists once the silo runs.</summary>
    private IMartListener Reference
    {
        get
        {
            lock (_gate) return _reference ??= grains.CreateObjectReference<IMartListener>(this);
        }
    }

    public void Subscribe(Action<MartNews> listener) => _listeners += listener;

    public async Task<MartNews> LookAsync(IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken)
    {
        // The host's watcher starts before the silo and ends after it.
        if (silo.CurrentStatus != SiloStatus.Active) throw new MartException("this silo is not in its cluster", MartFailure.Transient);
        var request = new LookRequest { Months = [.. months.Select(month => month.ToString())], Woken = woken };
        NewsNote news;
        var asked = time.GetUtcNow();
        try
        {
            using var patience = new CancellationTokenSource(options.Value.OwnerTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            news = await Watcher.LookAsync(request, Reference, either.Token);
        }
        catch (Exception unreachable) when (unreachable is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Its silo may hang or have died. Nothing is known then; it is activated elsewhere and the next poll finds it.
            throw new MartException("the mart's watcher cannot be reached", MartFailure.Transient, unreachable);
        }
        return news.Error is null ? news.ToNews(asked) : throw new MartException(news.Error, MartFailure.Transient);
    }

    public async Task<KnownMonth> FindNewestMonthAsync(CancellationToken cancellationToken)
    {
        NewestMonthNote newest;
        var asked = time.GetUtcNow();
        try
        {
            using var patience = new CancellationTokenSource(options.Value.OwnerTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            newest = await Watcher.FindNewestMonthAsync(either.Token);
        }
        catch (Exception unreachable) when (unreachable is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Its silo hangs or dies. Asking the mart costs a query; not to answer, more.
            return await MartWatch.AskNewestMonthAsync(source, time);
        }
        return newest.ToKnownMonth(asked);
    }

    public Task ChangedAsync(NewsNote news)
    {
        _listeners?.Invoke(news.ToNews(time.GetUtcNow()));
        return Task.CompletedTask;
    }

    public Task DroppedAsync(string key)
    {
        keys.Table.Release(QueryKey.Parse(key));
        return Task.CompletedTask;
    }
}
