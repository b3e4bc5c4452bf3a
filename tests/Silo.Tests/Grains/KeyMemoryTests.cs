using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>Alone, as it measures the process's heap.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}

/// <summary>What a small key takes in its owner's silo: its own entry, and its grain.</summary>
[Collection(AloneCollection.Name)]
public sealed class KeyMemoryTests
{
    private const int Keys = 10_000;

    [Fact]
    public async Task Heap_OfSmallKeysAndTheirGrains_IsWithinWhatIsCounted()
    {
        await using var cluster = await SiloCluster.StartAsync(silos: 1);
        var owner = cluster.Silos[0].ServiceProvider.GetRequiredService<IKeyOwner>();
        // All that the first questions need is there before the measuring begins.
        await AskAsync(0, 1_000);
        var (heap, counted) = Measure();

        await AskAsync(1_000, Keys + 1_000);
        var (heapNow, countedNow) = Measure();

        Assert.InRange(heapNow - heap, 0, (countedNow - counted) * 1.1);

        Task AskAsync(int from, int to) => Parallel.ForEachAsync(
            Enumerable.Range(from, to - from), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, stop) =>
                await owner.GetAsync(SiloCluster.Key with { Prefix = $"P{i:D6}" }, CacheDemand.Default, stop));

        (long Heap, long Counted) Measure()
        {
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            return (GC.GetTotalMemory(forceFullCollection: true), SiloCluster.Keys(cluster.Silos[0]).Table.List().Sum(key => key.SizeInBytes));
        }
    }
}
