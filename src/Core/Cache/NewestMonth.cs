using System.Collections.Concurrent;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The newest month of each mart: fresh, stale and asked for again by the rules of <see cref="CachedQuery"/>, by one caller at a time.
/// While a mart fails, the last month that was known goes on.
/// </summary>
public sealed class NewestMonth(IReadOnlyDictionary<Mart, IMartSource> sources, CacheOptions options, TimeProvider time) : INewestMonth
{
    private readonly ConcurrentDictionary<Mart, Known> _known = new();
    private readonly ConcurrentDictionary<Mart, Lazy<Task<Known>>> _asking = new();

    /// <inheritdoc/>
    public async ValueTask<Month?> GetAsync(Mart mart, CancellationToken cancellationToken)
    {
        var known = _known.GetValueOrDefault(mart);
        if (known is not null && time.GetUtcNow() - known.AskedAt <= options.FreshFor) return known.Month;

        var asking = _asking.GetOrAdd(mart, static (mart, self) => new(() => Task.Run(() => self.AskAsync(mart))), this);
        if (known is not null && time.GetUtcNow() - known.AskedAt <= options.FreshFor + options.StaleFor)
        {
            _ = asking.Value.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
            return known.Month;
        }
        try
        {
            return (await asking.Value.WaitAsync(cancellationToken)).Month;
        }
        catch (MartException) when (known is not null)
        {
            return known.Month;
        }
    }

    /// <summary>Forgets what is known, after a change that is known to have happened.</summary>
    public void Forget(Mart mart) => _known.TryRemove(mart, out _);

    private async Task<Known> AskAsync(Mart mart)
    {
        try
        {
            var asked = time.GetUtcNow();
            var known = new Known(await sources[mart].FindNewestMonthAsync(CancellationToken.None), asked);
            // An empty mart is asked each time: the first rows are waited for by somebody.
            if (known.Month is not null) _known[mart] = known;
            return known;
        }
        finally
        {
            _asking.TryRemove(mart, out _);
        }
    }

    private sealed record Known(Month? Month, DateTimeOffset AskedAt);
}
