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
            var watcher = grains.GetGrain<IMartWatcherGrain>(mart.Name());
            answer = await watcher.FindNewestMonthAsync().WaitAsync(options.Value.OwnerTimeout, time).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Its silo hangs, dies or is of a version that does not know the question. Asking the mart costs a query; not to answer, more.
            return await NewestMonth.AskMartAsync(sources[mart], time).ConfigureAwait(false);
        }
        return answer.ToKnownMonth(time.GetUtcNow());
    }
}
