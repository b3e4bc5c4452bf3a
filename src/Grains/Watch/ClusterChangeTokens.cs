using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Grains.Watch;

/// <summary>The change tokens from the mart's watcher in the cluster, asked for by this silo's own watcher or pushed to it.</summary>
internal sealed class ClusterChangeTokens(
    IGrainFactory grains, ISiloStatusOracle silo, GrainKeyOwner keys, NewestMonth newestMonth, IOptions<GrainsOptions> options, TimeProvider time)
    : IChangeTokens, IMartListener
{
    private readonly Lock _gate = new();
    private IMartListener? _reference;

    /// <summary>This silo, for watchers in others. Made late: it exists once the silo runs.</summary>
    private IMartListener Reference
    {
        get
        {
            lock (_gate) return _reference ??= grains.CreateObjectReference<IMartListener>(this);
        }
    }

    public async Task<IReadOnlyList<MonthToken>> LookAsync(
        Mart mart, IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken)
    {
        // The host's watcher starts before the silo and ends after it.
        if (silo.CurrentStatus != SiloStatus.Active) throw new MartException("this silo is not in its cluster", MartFailure.Transient);
        var request = new LookRequest { Months = [.. months.Select(month => month.ToString())], Woken = woken };
        MartNews news;
        var asked = time.GetUtcNow();
        try
        {
            using var patience = new CancellationTokenSource(options.Value.OwnerTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            news = await grains.GetGrain<IMartWatcherGrain>(mart.Name()).LookAsync(request, Reference, either.Token);
        }
        catch (Exception unreachable) when (unreachable is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Its silo may hang or have died. Nothing is known then; it is activated elsewhere and the next poll finds it.
            throw new MartException("the mart's watcher cannot be reached", MartFailure.Transient, unreachable);
        }
        return news.Error is null ? news.ToTokens(asked) : throw new MartException(news.Error, MartFailure.Transient);
    }

    public Task ChangedAsync(MartNews news)
    {
        if (!MartNames.TryParse(news.Mart, out var mart)) return Task.CompletedTask;
        newestMonth.Forget(mart);
        foreach (var seen in news.ToTokens(time.GetUtcNow())) keys.Learn(mart, seen.Month, seen.DataVersion, seen.AsOf);
        return Task.CompletedTask;
    }

    public Task DroppedAsync(string key)
    {
        keys.Table.Release(QueryKey.Parse(key));
        return Task.CompletedTask;
    }
}
