using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>
/// Over a real PostgreSQL server, which the chart is made for. The mart itself notifies nobody, as BigQuery does not, and is not polled:
/// what one silo learns of another it learns through the store.
/// </summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresStoreTests(PostgresFixture server) : StoreScenarios
{
    [Fact]
    public async Task Check_InOneSilo_ItsVersionIsServedByEverySilo()
    {
        await using var cluster = await StartAsync();
        var old = await WarmAsync(cluster);
        await cluster.SellAsync();

        var check = await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[0], CacheDemand.Check), "the check");

        Assert.Equal(2m, SiloCluster.Total(check));
        Assert.All(cluster.Silos, silo => Assert.Null(silo.ServiceProvider.GetService<KeyTable>()));
        await cluster.LaterInEveryCopyAsync(old, "the new version in every silo's copy");
        Assert.Equal(2, cluster.Source.Reads);
    }

    [Fact]
    public async Task Check_InASiloThatCannotReachTheOwner_ItsVersionIsServedByEverySilo()
    {
        await using var cluster = await StartAsync();
        var old = await WarmAsync(cluster);
        await cluster.SellAsync();
        cluster.Counter.IsCutOff = true;

        await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[0], CacheDemand.Check), "the check");

        await cluster.LaterInEveryCopyAsync(old, "the new version in every silo's copy");
        // The owner learns of it too, though nobody asks it.
        var owned = SiloCluster.Keys(Assert.Single(cluster.Owners())).Table;
        await Phase.UntilAsync(() => owned.List().Single().Version > old, "the new version at the key's owner");
        Assert.Equal(2, cluster.Source.Reads);
    }

    [Fact]
    public async Task Store_GoneAndBack_AnswersGoOnAndVersionsRise()
    {
        var own = new PostgresServer();
        await own.InitializeAsync();
        try
        {
            await using var cluster = await SiloCluster.StartAsync(postgres: await own.CreateDatabaseAsync());
            foreach (var silo in cluster.Silos) await Phase.InTimeAsync(SiloCluster.AskAsync(silo), "the first answer");
            var old = SiloCluster.CopyVersion(cluster.Silos[0]);

            await own.StopAsync();
            await cluster.SellAsync();
            foreach (var silo in cluster.Silos)
            {
                var answer = await Phase.InTimeAsync(SiloCluster.AskAsync(silo, CacheDemand.Check), "a check without the store");
                Assert.Equal(2m, SiloCluster.Total(answer));
            }
            Assert.NotNull(Store(cluster).Problem);

            await own.StartAsync();
            await cluster.SellAsync();
            await Phase.UntilAsync(
                async () =>
                {
                    await SiloCluster.AskAsync(cluster.Silos[0], CacheDemand.Check);
                    return (await SiloCluster.StoredAsync(cluster.Silos[0]))?.Version > old;
                },
                "the store's keeping of a later version");
            foreach (var silo in cluster.Silos) Assert.Equal(3m, SiloCluster.Total(await SiloCluster.AskAsync(silo, CacheDemand.Check)));
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    private protected override async Task<SiloCluster> StartAsync(Action<CacheOptions>? configure = null) =>
        await SiloCluster.StartAsync(configure, postgres: await server.CreateDatabaseAsync());

    /// <summary>Every silo has a copy and hears of others' snapshots; the copies' version.</summary>
    private static async Task<SnapshotVersion> WarmAsync(SiloCluster cluster)
    {
        foreach (var silo in cluster.Silos)
        {
            await Phase.InTimeAsync(SiloCluster.AskAsync(silo), "the first answer");
            var listener = silo.ServiceProvider.GetRequiredService<PostgresListener>();
            await Phase.UntilAsync(() => listener.IsListening, $"the listening of {silo.SiloAddress}");
        }
        return SiloCluster.CopyVersion(cluster.Silos[0]);
    }

    private static FallbackStore Store(SiloCluster cluster) => cluster.Owners()[0].ServiceProvider.GetRequiredService<FallbackStore>();
}
