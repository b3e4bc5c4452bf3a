using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>One looks at the mart, all learn. Silos poll once an hour here: what they learn sooner was pushed.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task Push_OneSiloIsWoken_ReachesEverySilosCopy()
    {
        await using var cluster = await SiloCluster.StartAsync();
        await WarmAsync(cluster);
        var old = SiloCluster.CopyVersion(cluster.Silos[0]);
        await cluster.SellAsync();

        Watcher(cluster.Silos[0]).Wake();

        await cluster.LaterInEveryCopyAsync(old, "the push to every silo's copy");
        Assert.Equal(2, cluster.Source.Reads);
        foreach (var silo in cluster.Silos)
        {
            var answer = await SiloCluster.AskAsync(silo);
            Assert.Equal((CacheResult.Hit, 2m), (answer.Result, SiloCluster.Total(answer)));
        }
    }

    [Fact]
    public async Task Poll_PushMissed_BringsTheChange()
    {
        // A look is shared for half a second only, so that these polls look.
        await using var cluster = await SiloCluster.StartAsync(options => options.PollSeconds = 0.5);
        await WarmAsync(cluster);
        var old = SiloCluster.CopyVersion(cluster.Silos[0]);
        cluster.Counter.LosesNews = true;

        await cluster.SellAsync();

        await cluster.LaterInEveryCopyAsync(old, "the change in every silo's copy");
        Assert.Equal(2, cluster.Source.Reads);
        await Phase.UntilAsync(() => cluster.Counter.Lost > 0, "the push that is lost");
    }

    [Fact]
    public async Task Look_ManyPollsOfEverySilo_IsOneLookAtTheMart()
    {
        await using var cluster = await SiloCluster.StartAsync();
        await WarmAsync(cluster);
        var tokens = cluster.Source.Tokens;

        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Watcher(cluster.Silos[i % 3]).PollAsync(CancellationToken.None)));

        Assert.Equal(tokens, cluster.Source.Tokens);
    }

    [Fact]
    public async Task Look_WatcherHangs_IsGivenUpInTime()
    {
        await using var cluster = await SiloCluster.StartAsync();
        await WarmAsync(cluster);
        cluster.Counter.Hang = new();

        await Phase.InTimeAsync(
            Task.WhenAll(cluster.Silos.Select(silo => Watcher(silo).PollAsync(CancellationToken.None))), "the polls' giving up");
    }

    [Fact]
    public async Task Look_WatchersSiloDies_AnotherWatches()
    {
        await using var cluster = await SiloCluster.StartAsync(options => options.PollSeconds = 0.5);
        foreach (var silo in cluster.Silos) await Phase.InTimeAsync(SiloCluster.AskAsync(silo), "the first answer");
        var old = SiloCluster.CopyVersion(cluster.Silos[0]);
        var management = cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        var watcher = cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>()
            .GetGrain<TransactionPipeline.Grains.Watch.IMartWatcherGrain>("warehouse");
        SiloAddress? address = null;
        await Phase.UntilAsync(async () => (address = await management.GetActivationAddress(watcher)) is not null, "the first poll");
        await Phase.InTimeAsync(cluster.Cluster.KillSiloAsync(cluster.Silos.Single(silo => silo.SiloAddress.Equals(address))), "the kill");

        await cluster.SellAsync();

        await cluster.LaterInEveryCopyAsync(old, "the change in the copies that are left");
    }

    [Fact]
    public async Task NewestMonth_AskedInEverySilo_IsAskedOfTheMartOnceForEachChange()
    {
        await using var cluster = await SiloCluster.StartAsync();
        await WarmAsync(cluster);

        var months = await Phase.InTimeAsync(
            Task.WhenAll(Enumerable.Range(0, 30).Select(i => NewestMonthAsync(cluster.Silos[i % 3]))), "the newest month of every silo");
        Assert.All(months, month => Assert.Equal(new Month(2023, 10), month));
        Assert.Equal(1, cluster.Source.NewestMonths);

        await cluster.SellAsync(new Month(2023, 12));
        Watcher(cluster.Silos[0]).Wake();

        foreach (var silo in cluster.Silos)
        {
            await Phase.UntilAsync(
                async () => await NewestMonthAsync(silo) == new Month(2023, 12), $"the push of the new month to {silo.SiloAddress}");
        }
        Assert.Equal(2, cluster.Source.NewestMonths);
    }

    [Fact]
    public async Task NewestMonth_WhileALookIsUnderWay_IsTheWatchersAnswer()
    {
        await using var cluster = await SiloCluster.StartAsync();
        await WarmAsync(cluster);
        var tokens = cluster.Source.Tokens;
        var gate = cluster.Source.TokenGate = new();
        Watcher(cluster.Silos[0]).Wake();
        await Phase.UntilAsync(() => cluster.Source.Tokens > tokens, "the look that takes long");

        foreach (var silo in cluster.Silos)
            Assert.Equal(new Month(2023, 10), await Phase.InTimeAsync(NewestMonthAsync(silo), "the newest month"));

        // One that could not have been asked would have been asked past, once by each silo.
        Assert.Equal(1, cluster.Source.NewestMonths);
        gate.SetResult();
    }

    [Fact]
    public async Task NewestMonth_MartFails_ReachesTheCallerAsItWas()
    {
        await using var cluster = await SiloCluster.StartAsync();
        cluster.Source.Failure = new MartException("the budget is spent", MartFailure.Unavailable) { RetryAfter = TimeSpan.FromMinutes(7) };

        foreach (var silo in cluster.Silos)
        {
            var failed = await Assert.ThrowsAsync<MartException>(() => NewestMonthAsync(silo));
            Assert.Equal(
                ("the budget is spent", MartFailure.Unavailable, TimeSpan.FromMinutes(7)),
                (failed.Message, failed.Failure, failed.RetryAfter!.Value));
        }
    }

    [Fact]
    public async Task NewestMonth_WatcherCutOff_IsAskedOfTheMartByWhoIsAsked()
    {
        await using var cluster = await SiloCluster.StartAsync();
        cluster.Counter.IsCutOff = true;

        foreach (var silo in cluster.Silos)
            Assert.Equal(new Month(2023, 10), await Phase.InTimeAsync(NewestMonthAsync(silo), "the answer"));

        Assert.Equal(3, cluster.Source.NewestMonths);
    }

    private static Task<Month?> NewestMonthAsync(InProcessSiloHandle silo) =>
        silo.ServiceProvider.GetRequiredService<INewestMonth>().GetAsync(Mart.Warehouse, CancellationToken.None).AsTask();

    private static MartWatcher Watcher(InProcessSiloHandle silo) => silo.ServiceProvider.GetRequiredService<MartWatcher>();

    private static async Task WarmAsync(SiloCluster cluster)
    {
        foreach (var silo in cluster.Silos)
        {
            await Phase.InTimeAsync(SiloCluster.AskAsync(silo), "the first answer");
            await Phase.InTimeAsync(Watcher(silo).PollAsync(CancellationToken.None), "the silo's first poll");
        }
    }
}
