using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Utilities;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Grains.Watch;

/// <summary>
/// Watches one mart for all silos, when they ask, and tells all of them what one of them found changed. Core's watch decides when to
/// look. Reentrant, so that silos wait for one look together; never collected, since it knows whom to tell also where polls are hours apart.
/// </summary>
[GrainType("mart-watcher"), Reentrant, RandomPlacement, KeepAlive]
internal sealed class MartWatcherGrain : Grain, IMartWatcherGrain
{
    /// <summary>A silo that has not asked for so many polls is gone.</summary>
    private const int PollsToForget = 10;

    private readonly Mart _mart;
    private readonly CachedQueryContext _cache;
    private readonly TimeProvider _time;
    private readonly ObserverManager<IMartListener, Asker> _askers;
    private MartWatch _watch = null!;

    public MartWatcherGrain(IGrainContext context, CachedQueryContext cache, ILogger<MartWatcherGrain> logger)
    {
        _mart = MartNames.TryParse(context.GrainId.Key.ToString(), out var mart)
            ? mart
            : throw new ArgumentException($"'{context.GrainId.Key}' is no mart", nameof(context));
        (_cache, _time) = (cache, cache.Time);
        _askers = new ObserverManager<IMartListener, Asker>(TimeSpan.FromSeconds(cache.Options.PollSeconds * PollsToForget), logger)
        {
            GetDateTime = () => _time.GetUtcNow().UtcDateTime,
        };
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // What it does unasked is the activation's work as well.
        _watch = new MartWatch(_mart, _cache with { Tasks = TaskScheduler.Current });
        _watch.Subscribe(news => _ = TellAsync(news).SettledAsync());
        return Task.CompletedTask;
    }

    public async Task<NewsNote> LookAsync(LookRequest request, IMartListener listener, CancellationToken cancellationToken)
    {
        _askers.Subscribe(listener, new(listener, request.AskedAt, _time.GetTimestamp()));
        try
        {
            var news = await _watch.LookAsync([.. request.Months.Select(month => Month.Parse(month))], request.Woken, cancellationToken);
            return NewsNote.Of(_mart, news, _time.GetUtcNow());
        }
        catch (MartException failed)
        {
            return new NewsNote { Mart = _mart.Name(), Error = failed.Message };
        }
    }

    public async Task<NewestMonthNote> FindNewestMonthAsync(CancellationToken cancellationToken)
    {
        try
        {
            return NewestMonthNote.Of(await _watch.FindNewestMonthAsync(cancellationToken), _time.GetUtcNow());
        }
        catch (MartException failed)
        {
            return NewestMonthNote.Of(failed);
        }
    }

    // One-way calls: the telling ends when they are sent, and a silo that is gone holds nobody up.
    public Task DropCopiesAsync(string key) => _askers.Notify(one => one.Listener.DroppedAsync(key));

    private Task TellAsync(MartNews news)
    {
        var note = NewsNote.Of(_mart, news, _time.GetUtcNow());
        return _askers.Notify(one => one.Listener.ChangedAsync(note with { ToldAt = one.AskedAt + _time.GetElapsedTime(one.CameAt) }));
    }

    /// <summary>A silo that asks, and hears.</summary>
    /// <param name="Listener">The silo.</param>
    /// <param name="AskedAt">When it asked last, by its own clock.</param>
    /// <param name="CameAt">When that came here.</param>
    private sealed record Asker(IMartListener Listener, DateTimeOffset? AskedAt, long CameAt);
}
