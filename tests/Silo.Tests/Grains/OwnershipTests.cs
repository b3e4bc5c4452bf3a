using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Grains.Query;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>One owner for each key, whoever asks where.</summary>
public sealed class OwnershipTests
{
    [Fact]
    public async Task Get_HotKey_IsServedInEverySiloWithoutAGrainCall()
    {
        await using var cluster = await SiloCluster.StartAsync();
        foreach (var silo in cluster.Silos) await Phase.InTimeAsync(SiloCluster.AskAsync(silo), "the first answer");
        var (asked, tokens) = (cluster.Counter.Asked, cluster.Source.Tokens);

        foreach (var silo in cluster.Silos)
        {
            for (var i = 0; i < 10_000; i++) Assert.Equal(CacheResult.Hit, (await SiloCluster.AskAsync(silo)).Result);
        }

        Assert.Equal((asked, tokens, 1), (cluster.Counter.Asked, cluster.Source.Tokens, cluster.Source.Reads));
    }

    [Fact]
    public async Task Grain_WhileARefreshIsUnderWay_AnswersFromMemory()
    {
        await using var cluster = await SiloCluster.StartAsync();
        var grain = cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IQueryGrain>(SiloCluster.Key.ToString());
        await Phase.InTimeAsync(grain.AskAsync(new OwnerQuestion { MaxAge = TimeSpan.FromHours(1) }), "the first answer");
        await cluster.SellAsync();
        var gate = cluster.Source.Gate = new();
        var checking = grain.AskAsync(new OwnerQuestion { MaxAge = TimeSpan.Zero });
        await Phase.UntilAsync(() => cluster.Source.Reads == 2, "the refresh's query");

        var answers = await Phase.InTimeAsync(
            Task.WhenAll(Enumerable.Range(0, 100).Select(_ => grain.AskAsync(new OwnerQuestion { MaxAge = TimeSpan.FromHours(1) }))),
            "the answers while the refresh runs");

        Assert.All(answers, answer => Assert.Equal(1, answer.Version));
        Assert.False(checking.IsCompleted);
        gate.SetResult();
        Assert.Equal(2, (await Phase.InTimeAsync(checking, "the end of the refresh")).Version);
    }

    [Fact]
    public async Task Get_OwnerInTheSameSilo_SharesTheRows()
    {
        await using var cluster = await SiloCluster.StartAsync();
        foreach (var silo in cluster.Silos) await Phase.InTimeAsync(SiloCluster.AskAsync(silo, CacheDemand.Check), "the first answer");

        var owner = cluster.Owners().Single();
        // From here on: a copy that was there before may have come from the store.
        await cluster.SellAsync();
        var copy = await Phase.InTimeAsync(SiloCluster.AskAsync(owner, CacheDemand.Check), "the answer after a change");
        var owned = await SiloCluster.Keys(owner).Owned.GetAsync(SiloCluster.Key, default, CancellationToken.None);

        Assert.Same(owned.Snapshot.Rows, copy.Snapshot.Rows);
    }

    [Theory]
    [InlineData(MartFailure.Failed)]
    [InlineData(MartFailure.Unavailable)]
    public async Task Get_MartFailsAtTheOwner_ReachesTheCallerAsItWas(MartFailure kind)
    {
        await using var cluster = await SiloCluster.StartAsync();
        cluster.Source.Failure = new MartException("the budget is spent", kind) { RetryAfter = TimeSpan.FromMinutes(7) };

        foreach (var silo in cluster.Silos)
        {
            var failed = await Assert.ThrowsAsync<MartException>(() => SiloCluster.AskAsync(silo));
            Assert.Equal(("the budget is spent", kind, TimeSpan.FromMinutes(7)), (failed.Message, failed.Failure, failed.RetryAfter!.Value));
        }
    }

    [Fact]
    public async Task Get_MartFailsWithACopyHeld_ServesItMarked()
    {
        await using var cluster = await SiloCluster.StartAsync();
        foreach (var silo in cluster.Silos) await Phase.InTimeAsync(SiloCluster.AskAsync(silo), "the first answer");
        cluster.Source.Failure = new MartException("the mart is down", MartFailure.Transient);

        foreach (var silo in cluster.Silos)
        {
            var answer = await SiloCluster.AskAsync(silo, CacheDemand.Check);
            Assert.Equal((CacheResult.StaleOnError, "the mart is down", 1m), (answer.Result, answer.Error, SiloCluster.Total(answer)));
        }
    }

    [Fact]
    public async Task Get_OnlyIfCachedAndCold_AsksNobody()
    {
        await using var cluster = await SiloCluster.StartAsync();

        foreach (var silo in cluster.Silos)
            await Assert.ThrowsAsync<NotCachedException>(() => SiloCluster.AskAsync(silo, new CacheDemand(null, OnlyIfCached: true)));

        Assert.Equal((0, 0), (cluster.Counter.Asked, cluster.Source.Reads));
    }

    [Fact]
    public async Task Drop_InOneSilo_DropsEveryCopyAndVersionsGoOnRising()
    {
        await using var cluster = await SiloCluster.StartAsync();
        foreach (var silo in cluster.Silos)
        {
            await Phase.InTimeAsync(SiloCluster.AskAsync(silo), "the first answer");
            await silo.ServiceProvider.GetRequiredService<MartWatcher>().PollAsync(CancellationToken.None);
        }

        Assert.True(await cluster.Silos[0].ServiceProvider.GetRequiredService<IKeyOwner>().DropAsync(SiloCluster.Key, CancellationToken.None));

        await Phase.UntilAsync(() => cluster.Silos.All(silo => SiloCluster.CopyVersion(silo) == 0), "the dropping of every copy");
        foreach (var silo in cluster.Silos) Assert.Equal(2, (await SiloCluster.AskAsync(silo)).Snapshot.Version);
    }

    [Fact]
    public async Task Drop_GrainsHang_DropsFromTheStoreAndHereAndSaysThatOthersDidNotAnswer()
    {
        await using var cluster = await SiloCluster.StartAsync();
        await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[0]), "the first answer");
        cluster.Counter.Hang = new();

        var dropping = cluster.Silos[0].ServiceProvider.GetRequiredService<IKeyOwner>().DropAsync(SiloCluster.Key, CancellationToken.None);
        await Phase.InTimeAsync(Task.WhenAny(dropping), "the end of the drop");

        await Assert.ThrowsAsync<DropIncompleteException>(() => dropping);
        Assert.Null(await SiloCluster.StoredAsync(cluster.Silos[0]));
        Assert.Equal(0, SiloCluster.CopyVersion(cluster.Silos[0]));
    }

    [Fact]
    public async Task Grain_Idle_LeavesMemoryAndComesBackNoOlder()
    {
        await using var cluster = await SiloCluster.StartAsync();
        await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[0]), "the first answer");
        var owner = Assert.Single(cluster.Owners());
        var management = cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);

        // What Orleans does by itself after the idle time.
        await Phase.UntilAsync(
            async () =>
            {
                await management.ForceActivationCollection([owner.SiloAddress], TimeSpan.Zero);
                return cluster.Owners().Count == 0;
            },
            "the deactivation");
        await cluster.SellAsync();
        var answer = await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[1], CacheDemand.Check), "the answer of the grain's second life");

        Assert.Equal((2L, 2m), (answer.Snapshot.Version, SiloCluster.Total(answer)));
    }
}
