using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Metadata;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Grains;
using TransactionPipeline.Grains.Query;
using TransactionPipeline.Silo.Hosting;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>What our grains choose of Orleans, each for itself and not for every grain of the silo.</summary>
public sealed class GrainChoicesTests
{
    [Fact]
    public async Task Placement_AndCollection_AreChosenByOurGrainsOnly()
    {
        await using var cluster = await SiloCluster.StartAsync();
        var services = cluster.Silos[0].ServiceProvider;
        var grains = services.GetRequiredService<IClusterManifestProvider>().LocalGrainManifest.Grains;
        var (query, watcher) = (grains[GrainType.Create("query")].Properties, grains[GrainType.Create("mart-watcher")].Properties);

        Assert.Equal((nameof(RandomPlacement), nameof(RandomPlacement)),
            (query[WellKnownGrainTypeProperties.PlacementStrategy], watcher[WellKnownGrainTypeProperties.PlacementStrategy]));
        Assert.Equal(WellKnownGrainTypeProperties.IndefiniteIdleDeactivationPeriodValue, watcher[WellKnownGrainTypeProperties.IdleDeactivationPeriod]);
        Assert.IsNotType<RandomPlacement>(services.GetRequiredService<PlacementStrategy>());
        var collection = services.GetRequiredService<IOptions<GrainCollectionOptions>>().Value;
        Assert.Equal(TimeSpan.FromMinutes(10), collection.ClassSpecificCollectionAge[typeof(QueryGrain).FullName!]);
        Assert.Equal(new GrainCollectionOptions().CollectionAge, collection.CollectionAge);
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(60, 1440)]
    public void Times_FollowTheSettings(int ownerTimeout, int idleMinutes)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["cluster:owner_timeout_seconds"] = $"{ownerTimeout}";
        builder.Configuration["cluster:idle_minutes"] = $"{idleMinutes}";
        builder.AddCluster();
        using var services = builder.Services.BuildServiceProvider();

        Assert.Equal(TimeSpan.FromMinutes(idleMinutes),
            services.GetRequiredService<IOptions<GrainCollectionOptions>>().Value.ClassSpecificCollectionAge[typeof(QueryGrain).FullName!]);
        // Orleans never gives a call up before its asker does.
        Assert.Equal(TimeSpan.FromSeconds(ownerTimeout), services.GetRequiredService<IOptions<GrainsOptions>>().Value.OwnerTimeout);
        Assert.True(services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value.ResponseTimeout > TimeSpan.FromSeconds(ownerTimeout));
    }

    [Fact]
    public async Task Trace_OfARequest_ReachesTheQueryOfAnotherSilo()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("Microsoft.Orleans", StringComparison.Ordinal) || source.Name == nameof(GrainChoicesTests),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource(nameof(GrainChoicesTests));
        await using var cluster = await SiloCluster.StartAsync();
        await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[0]), "the first answer");
        var owner = Assert.Single(cluster.Owners());
        await cluster.SellAsync();

        using var request = source.StartActivity("request")!;
        await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos.First(silo => silo != owner), CacheDemand.Check), "the answer of another silo");

        Assert.Equal((2, request.TraceId), (cluster.Source.Reads, cluster.Source.Trace));
    }
}
