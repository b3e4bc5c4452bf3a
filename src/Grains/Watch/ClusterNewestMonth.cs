using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Grains.Watch;

/// <summary>The newest month from the mart's watcher in the cluster, which asks the mart once for all silos.</summary>
internal sealed class ClusterNewestMonth(
    IGrainFactory grains, IReadOnlyDictionary<Mart, IMartSource> sources, IOptions<GrainsOptions> options, TimeProvider time)
{
    public async Task<KnownMonth> FindAsync(Mart mart)
    {
        NewestMonthAnswer answer;
        try
        {
            using var patience = new CancellationTokenSource(options.Value.OwnerTimeout, time);
            answer = await grains.GetGrain<IMartWatcherGrain>(mart.Name()).FindNewestMonthAsync(patience.Token);
        }
        catch (Exception)
        {
            // Its silo hangs, dies or is of a version that does not know the question. Asking the mart costs a query; not to answer, more.
            return await NewestMonth.AskMartAsync(sources[mart], time);
        }
        return answer.ToKnownMonth(time.GetUtcNow());
    }
}
