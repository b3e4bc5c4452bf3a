using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Utilities;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Grains.Watch;

/// <summary>
/// Looks at one mart for all silos, when they ask, and tells all of them what one of them found changed. Core's board decides when to
/// look. Reentrant, so that silos wait for one look together; never collected, since it knows whom to tell also where polls are hours apart.
/// </summary>
[GrainType("mart-watcher"), Reentrant, RandomPlacement, KeepAlive]
internal sealed class MartWatcherGrain : Grain, IMartWatcherGrain
{
    /// <summary>A silo that has not asked for so many polls is gone.</summary>
    private const int PollsToForget = 10;

    private readonly Mart _mart;
    private readonly TokenBoard _board;
    private readonly NewestMonth _newestMonth;
    private readonly TimeProvider _time;
    private readonly ObserverManager<IMartListener> _listeners;

    public MartWatcherGrain(
        IGrainContext context, MartChangeTokens tokens, IReadOnlyDictionary<Mart, IMartSource> sources, IOptions<CacheOptions> options,
        TimeProvider time, ILogger<MartWatcherGrain> logger)
    {
        _mart = MartNames.TryParse(context.GrainId.Key.ToString(), out var mart)
            ? mart
            : throw new ArgumentException($"'{context.GrainId.Key}' is no mart", nameof(context));
        _time = time;
        _board = new TokenBoard(mart, tokens, options.Value, time);
        _newestMonth = new NewestMonth(sources, options.Value, time);
        _listeners = new ObserverManager<IMartListener>(TimeSpan.FromSeconds(options.Value.PollSeconds * PollsToForget), logger)
        {
            GetDateTime = () => time.GetUtcNow().UtcDateTime,
        };
    }

    public async Task<MartNews> LookAsync(LookRequest request, IMartListener listener, CancellationToken cancellationToken)
    {
        _listeners.Subscribe(listener, listener);
        try
        {
            var news = await _board.LookAsync([.. request.Months.Select(month => Month.Parse(month))], request.Woken, cancellationToken);
            // A woken look may have found rows of a month that nobody holds yet; that too is news: the newest month may be another.
            if (news.Changed.Count > 0 || request.Woken)
            {
                // Before the silos, which ask for it anew.
                _newestMonth.Forget(_mart);
                await TellAsync(one => one.ChangedAsync(MartNews.Of(_mart, news.Changed, _time.GetUtcNow())));
            }
            return MartNews.Of(_mart, news.Tokens, _time.GetUtcNow());
        }
        catch (MartException failed)
        {
            return new MartNews { Mart = _mart.Name(), Error = failed.Message };
        }
    }

    public async Task<NewestMonthAnswer> FindNewestMonthAsync(CancellationToken cancellationToken)
    {
        try
        {
            return NewestMonthAnswer.Of(await _newestMonth.FindAsync(_mart, cancellationToken), _time.GetUtcNow());
        }
        catch (MartException failed)
        {
            return NewestMonthAnswer.Of(failed);
        }
    }

    public Task DropCopiesAsync(string key) => TellAsync(one => one.DroppedAsync(key));

    // One-way calls: the telling ends when they are sent, and a silo that is gone holds nobody up.
    private Task TellAsync(Func<IMartListener, Task> tell) => _listeners.Notify(tell);
}
