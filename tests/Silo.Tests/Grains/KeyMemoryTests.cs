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
    private const int Keys = 5_000;

    [Fact]
    public async Task Heap_OfSmallKeysAndTheirGrains_IsWithinWhatIsCounted()
    {
        await using var cluster = await SiloCluster.StartAsync(silos: 1);
        var owner = cluster.Silos[0].ServiceProvider.GetRequiredService<IKeyOwner>();
        // All that the first questions need is there before the measuring begins.
        await AskAsync(0, 1_000);
        var growths = new List<(long Heap, long Counted)>();
        for (var round = 0; round < 3; round++)
        {
            var before = Measure();
            await AskAsync(1_000 + (round * Keys), 1_000 + ((round + 1) * Keys));
            var after = Measure();
            growths.Add((after.Heap - before.Heap, after.Counted - before.Counted));
        }

        // What the tests before this one leave may be collected meanwhile: the round with the least of that counts.
        var (heap, counted) = growths.MaxBy(growth => growth.Heap);
        Assert.InRange(heap, 1, counted * 1.1);

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
