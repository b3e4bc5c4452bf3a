using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>What the shared store is for among silos: one writer for each key, whatever happens to the key's owner.</summary>
public abstract class StoreScenarios
{
    [Fact]
    public async Task Get_ThousandColdThroughAllSilos_QueriesTheMartOnce()
    {
        await using var cluster = await StartAsync();
        cluster.Source.Gate = new();

        var asking = Enumerable.Range(0, 1000).Select(i => SiloCluster.AskAsync(cluster.Silos[i % 3])).ToList();
        await Phase.UntilAsync(() => cluster.Source.Reads == 1, "the one query's begin");
        cluster.Source.Gate.SetResult();
        var answers = await Phase.InTimeAsync(Task.WhenAll(asking), "the answers");

        Assert.All(answers, answer => Assert.Equal((answers[0].Snapshot.Version, 1m), (answer.Snapshot.Version, SiloCluster.Total(answer))));
        Assert.Equal(1, cluster.Source.Reads);
        Assert.InRange(cluster.Counter.Asked, 1, 3);
        Assert.Single(cluster.Owners());
    }

    [Fact]
    public async Task Get_GrainsCutOff_StillQueriesTheMartOnceUnderTheLease()
    {
        await using var cluster = await StartAsync();
        cluster.Counter.IsCutOff = true;
        var gate = cluster.Source.Gate = new();

        var asking = cluster.Silos.Select(silo => SiloCluster.AskAsync(silo)).ToList();
        await Phase.UntilAsync(() => cluster.Source.Reads == 1, "the one query's begin");
        gate.SetResult();
        var answers = await Phase.InTimeAsync(Task.WhenAll(asking), "the answers");

        Assert.All(answers, answer => Assert.Equal((answers[0].Snapshot.Version, 1m), (answer.Snapshot.Version, SiloCluster.Total(answer))));
        Assert.Equal(1, cluster.Source.Reads);
    }

    [Fact]
    public async Task Owner_KilledInMidRefresh_AnotherTakesOverAndTheLateCommitIsRefused()
    {
        await using var cluster = await StartAsync();
        var gate = cluster.Source.Gate = new();
        var abandoned = SiloCluster.AskAsync(cluster.Silos[0]);
        await Phase.UntilAsync(() => cluster.Source.Reads == 1, "the owner's query");
        var owner = Assert.Single(cluster.Owners());
        var others = cluster.Silos.Where(silo => silo != owner).ToList();
        var late = SiloCluster.Keys(owner).Table.WhenIdleAsync();
        // Before the kill: whoever takes over may ask at once.
        cluster.Source.Gate = null;
        await cluster.SellAsync();
        // Its query goes on, and its commit comes late, as that of a process that was frozen.
        cluster.Renewals.Stopped = true;
        var killing = cluster.Cluster.KillSiloAsync(owner);

        var answers = await Phase.InTimeAsync(Task.WhenAll(others.Select(silo => SiloCluster.AskAsync(silo))), "the take-over");
        var stored = await SiloCluster.StoredAsync(others[0]);
        gate.SetResult();
        await Phase.InTimeAsync(late, "the end of the dead owner's query");

        Assert.All(answers, answer => Assert.Equal((answers[0].Snapshot.Version, 2m), (answer.Snapshot.Version, SiloCluster.Total(answer))));
        Assert.Equal(2, cluster.Source.Reads);
        var kept = await SiloCluster.StoredAsync(others[0]);
        Assert.Equal((stored!.Version, stored.DataVersion), (kept!.Version, kept.DataVersion));
        await Phase.InTimeAsync(killing, "the end of the killed silo");
        await Task.WhenAny(abandoned);
    }

    [Fact]
    public async Task Owner_DeadInMidRefresh_ItsLeaseEndsWithItAndNotWithItsTime()
    {
        await using var cluster = await StartAsync(options => options.LeaseSeconds = 3600);
        var gate = cluster.Source.Gate = new();
        var abandoned = SiloCluster.AskAsync(cluster.Silos[0]);
        await Phase.UntilAsync(() => cluster.Source.Reads == 1, "the owner's query");
        var owner = Assert.Single(cluster.Owners());
        var others = cluster.Silos.Where(silo => silo != owner).ToList();
        // Before the kill: whoever takes over may ask at once.
        cluster.Source.Gate = null;
        await cluster.SellAsync();
        var killing = cluster.Cluster.KillSiloAsync(owner);

        var answers = await Phase.InTimeAsync(Task.WhenAll(others.Select(silo => SiloCluster.AskAsync(silo))), "the take-over");

        Assert.All(answers, answer => Assert.Equal((answers[0].Snapshot.Version, 2m), (answer.Snapshot.Version, SiloCluster.Total(answer))));
        gate.SetResult();
        await Phase.InTimeAsync(killing, "the end of the killed silo");
        await Task.WhenAny(abandoned);
    }

    private protected abstract Task<SiloCluster> StartAsync(Action<CacheOptions>? configure = null);
}

/// <summary>Over one SQLite file.</summary>
public sealed class SqliteStoreTests : StoreScenarios
{
    private protected override Task<SiloCluster> StartAsync(Action<CacheOptions>? configure = null) => SiloCluster.StartAsync(configure);
}
