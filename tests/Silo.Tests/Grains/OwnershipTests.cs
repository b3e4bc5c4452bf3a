using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;
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
        var first = await Phase.InTimeAsync(grain.AskAsync(new OwnerQuestion { MaxAge = TimeSpan.FromHours(1) }, CancellationToken.None), "the first answer");
        await cluster.SellAsync();
        var gate = cluster.Source.Gate = new();
        var checking = grain.AskAsync(new OwnerQuestion { MaxAge = TimeSpan.Zero }, CancellationToken.None);
        await Phase.UntilAsync(() => cluster.Source.Reads == 2, "the refresh's query");

        var answers = await Phase.InTimeAsync(
            Task.WhenAll(Enumerable.Range(0, 100).Select(_ => grain.AskAsync(new OwnerQuestion { MaxAge = TimeSpan.FromHours(1) }, CancellationToken.None))),
            "the answers while the refresh runs");

        Assert.All(answers, answer => Assert.Equal(first.Version, answer.Version));
        Assert.False(checking.IsCompleted);
        gate.SetResult();
        Assert.True((await Phase.InTimeAsync(checking, "the end of the refresh")).Version.ToVersion() > first.Version.ToVersion());
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
        var owned = await SiloCluster.Keys(owner).Table.AnswerAsOwnerAsync(SiloCluster.Key, TimeSpan.MaxValue, SnapshotVersion.None, CancellationToken.None);

        Assert.Same(owned.Snapshot.Rows, copy.Snapshot.Rows);
    }

    [Fact]
    public async Task Get_MartIsSlow_AnOwnerThatLivesIsWaitedFor()
    {
        await using var cluster = await SiloCluster.StartAsync();
        var gate = cluster.Source.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // From two silos, of which one at least does not own the key.
        var asking = cluster.Silos.Take(2).Select(silo => SiloCluster.AskAsync(silo)).ToList();
        await Phase.UntilAsync(() => cluster.Source.Reads == 1 && cluster.Counter.Open == 2, "the owner's query");
        // Signs for more than the time that an owner has for one.
        await Phase.UntilAsync(() => cluster.Counter.Signs >= 8, "the owner's signs of life");
        Assert.Equal((2, 2), (cluster.Counter.Open, cluster.Counter.Asked));
        gate.SetResult();

        foreach (var answer in asking) Assert.Equal(1m, SiloCluster.Total(await Phase.InTimeAsync(answer, "the answer")));
        Assert.Equal((1, 0), (cluster.Source.Reads, cluster.Source.GivenUp));
    }

    [Fact]
    public async Task Get_LastCallerInAnySiloLeaves_TheOwnersQueryIsGivenUp()
    {
        await using var cluster = await SiloCluster.StartAsync();
        var gate = cluster.Source.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();

        var asking = SiloCluster.AskAsync(cluster.Silos[0], cancellationToken: first.Token);
        var joining = SiloCluster.AskAsync(cluster.Silos[1], cancellationToken: second.Token);
        await Phase.UntilAsync(() => cluster.Source.Reads == 1 && cluster.Counter.Open == 2, "the owner's query for both");
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Phase.UntilAsync(() => cluster.Counter.Open == 1, "the end of the call that was given up");
        Assert.Equal(0, cluster.Source.GivenUp);
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joining);

        await Phase.UntilAsync(() => cluster.Source.GivenUp == 1, "the giving up of the owner's query");
        await Phase.UntilAsync(() => cluster.Counter.Open == 0, "the end of the other call");
        cluster.Source.Gate = null;
        gate.SetResult();
        Assert.Equal(1m, SiloCluster.Total(await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[0]), "the answer to who comes next")));
        Assert.Equal(2, cluster.Source.Reads);
    }

    [Fact]
    public async Task Get_QuestionIsLostOnItsWay_OwnerThatLivesIsNotWaitedForInVain()
    {
        await using var cluster = await SiloCluster.StartAsync();
        cluster.Counter.HangAsk = new();

        // One of them is in the silo of the key's grain.
        foreach (var silo in cluster.Silos) Assert.Equal(1m, SiloCluster.Total(await Phase.InTimeAsync(SiloCluster.AskAsync(silo, CacheDemand.Check), "the answer, made here")));

        Assert.True(cluster.Counter.Signs >= 3, "the owner was not asked for signs of life");
        Assert.Equal((1, 0), (cluster.Source.Reads, cluster.Counter.Open));
        cluster.Counter.HangAsk.SetResult();
    }

    [Fact]
    public async Task Stop_WhileOthersWaitAtItsGrain_EndsTheirWaitingAndNotTheWork()
    {
        await using var cluster = await SiloCluster.StartAsync();
        foreach (var silo in cluster.Silos) await Phase.InTimeAsync(SiloCluster.AskAsync(silo, CacheDemand.Check), "the first answer");
        var owner = Assert.Single(cluster.Owners());
        await cluster.SellAsync();
        var gate = cluster.Source.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var asking = SiloCluster.AskAsync(cluster.Silos.First(silo => silo != owner), CacheDemand.Check);
        await Phase.UntilAsync(() => cluster.Source.Reads == 2 && cluster.Counter.Open > 0, "the owner's query");

        var stopping = cluster.Cluster.StopSiloAsync(owner);

        await Phase.UntilAsync(() => cluster.Counter.Open == 0, "the end of the waiting at the grain");
        Assert.Equal((2, 0, false), (cluster.Source.Reads, cluster.Source.GivenUp, asking.IsCompleted));
        gate.SetResult();
        Assert.Equal(2m, SiloCluster.Total(await Phase.InTimeAsync(asking, "the answer")));
        await Phase.InTimeAsync(stopping, "the stop");
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

        var dropped = SiloCluster.CopyVersion(cluster.Silos[0]);
        Assert.True(await cluster.Silos[0].ServiceProvider.GetRequiredService<IKeyOwner>().DropAsync(SiloCluster.Key, CancellationToken.None));

        await Phase.UntilAsync(() => cluster.Silos.All(silo => SiloCluster.CopyVersion(silo) == SnapshotVersion.None), "the dropping of every copy");
        foreach (var silo in cluster.Silos) Assert.True((await SiloCluster.AskAsync(silo)).Snapshot.Version > dropped);
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
        Assert.Equal(SnapshotVersion.None, SiloCluster.CopyVersion(cluster.Silos[0]));
    }

    [Fact]
    public async Task Grain_KeyHasNoRoomInItsOwnersMemory_GoesWithIt()
    {
        const int keys = 100;
        await using var cluster = await SiloCluster.StartAsync(options => options.MaxBytes = 10_000);
        var owner = cluster.Silos[0].ServiceProvider.GetRequiredService<IKeyOwner>();
        for (var key = 0; key < keys; key++)
            await Phase.InTimeAsync(owner.GetAsync(SiloCluster.Key with { Prefix = $"P{key:D3}" }, default, CancellationToken.None).AsTask(), "the answer");

        var management = cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        await Phase.UntilAsync(
            async () =>
            {
                var held = cluster.Silos.Sum(silo => SiloCluster.Keys(silo).Table.List().Count(key => key.IsOwned));
                var grains = (await management.GetSimpleGrainStatistics())
                    .Where(one => one.GrainType.Contains(nameof(QueryGrain), StringComparison.Ordinal)).Sum(one => one.ActivationCount);
                return held < keys && grains <= held;
            },
            "the going of grains whose keys are in no memory");
    }

    [Fact]
    public async Task Grain_Idle_LeavesMemoryAndComesBackNoOlder()
    {
        await using var cluster = await SiloCluster.StartAsync();
        var first = await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[0]), "the first answer");
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

        Assert.Equal((true, 2m), (answer.Snapshot.Version > first.Snapshot.Version, SiloCluster.Total(answer)));
    }
}
