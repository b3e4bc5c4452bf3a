using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Tests.Cache;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Core.Tests.Watch;

/// <summary>Watches over the warehouse mart.</summary>
internal static class Watches
{
    /// <summary>A watch over <paramref name="mart"/>; where nothing else is said, on the thread pool and with a store of its own.</summary>
    public static MartWatch Over(IMartSource mart, CacheOptions options, TimeProvider time, TaskScheduler? tasks = null, ISnapshotStore? store = null)
    {
        var own = new MemoryStore(time, () => { });
        return new MartWatch(Mart.Warehouse, new CachedQueryContext(
            new Dictionary<Mart, IMartSource> { [Mart.Warehouse] = mart }, store ?? own, own, options, time, new VersionClock(time, 1), NullLogger<KeyTable>.Instance, "holder")
        {
            Tasks = tasks ?? TaskScheduler.Default,
        });
    }
}
