using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Grains.Watch;

/// <summary>The mart's watcher in the cluster, as this silo asks it and hears of it: it asks the mart once for all silos.</summary>
internal sealed partial class ClusterWatch(
    Mart mart, IMartSource source, IGrainFactory grains, ISiloStatusOracle silo, GrainKeyOwner keys, IOptions<GrainsOptions> options, TimeProvider time,
    ILogger<ClusterWatch> logger) : IMartWatch, IMartListener
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
        var asked = time.GetUtcNow();
        var request = new LookRequest { Months = [.. months.Select(month => month.ToString())], Woken = woken, AskedAt = asked };
        // A watcher out of reach may hang or have died. Nothing is known then; it is activated elsewhere and the next poll finds it.
        var news = await TryAskAsync(either => Watcher.LookAsync(request, Reference, either), cancellationToken)
            ?? throw new MartException("the mart's watcher cannot be reached", MartFailure.Transient);
        return news.Error is null ? news.ToNews(asked) : throw new MartException(news.Error, MartFailure.Transient);
    }

    public async Task<KnownMonth> FindNewestMonthAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();
        // Where the watcher is out of reach, asking the mart costs a query; not to answer, more.
        return await TryAskAsync(Watcher.FindNewestMonthAsync, cancellationToken) is { } newest
            ? newest.ToKnownMonth(asked)
            : await MartWatch.AskNewestMonthAsync(source, time);
    }

    public Task ChangedAsync(NewsNote news)
    {
        _listeners?.Invoke(news.ToUnaskedNews(time.GetUtcNow()));
        return Task.CompletedTask;
    }

    public Task DroppedAsync(string key)
    {
        keys.Table.Release(QueryKey.Parse(key));
        return Task.CompletedTask;
    }

    /// <summary>The watcher's answer; null when it did not come in good time.</summary>
    private async Task<T?> TryAskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
        where T : class
    {
        using var patience = new CancellationTokenSource(options.Value.OwnerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await ask(either.Token);
        }
        catch (Exception unreachable) when (unreachable is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogUnreachable(mart, unreachable.GetType().Name, unreachable.Message);
            return null;
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "The watcher of the {Mart} mart cannot be reached ({Error}: {Message})")]
    private partial void LogUnreachable(Mart mart, string error, string message);
}
