using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Watch;
using TransactionPipeline.Grains.Query;
using TransactionPipeline.Grains.Watch;

namespace TransactionPipeline.Grains;

/// <summary>The cache of a silo, in place of the one of a single process.</summary>
public static class GrainsSetup
{
    /// <summary>
    /// Gives the keys to grains. Comes after the host's own cache services, of which it keeps all but the owner and the marts'
    /// watches.
    /// </summary>
    public static ISiloBuilder AddKeyGrains(this ISiloBuilder silo)
    {
        var services = silo.Services;
        // Whoever asked for it would speak to keys that this host does not serve.
        services.RemoveAll<KeyTable>();
        services.AddSingleton<ILeaseHolders, SiloLeaseHolders>();
        services.AddSingleton<SiloLeaving>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<SiloLeaving>());
        services.AddSingleton<GrainOwner>();
        services.AddSingleton(provider => new GrainKeyOwner(
            provider.GetRequiredService<CachedQueryContext>() with { Name = provider.GetRequiredService<ILocalSiloDetails>().Name },
            provider.GetRequiredService<GrainOwner>(),
            provider.GetRequiredService<IGrainFactory>(),
            provider.GetRequiredService<IOptions<GrainsOptions>>().Value));
        services.AddSingleton<IKeyOwner>(provider => provider.GetRequiredService<GrainKeyOwner>());
        services.AddSingleton<IHeldKeys>(provider => provider.GetRequiredService<GrainKeyOwner>());
        services.AddSingleton<IReadOnlyDictionary<Mart, IMartWatch>>(provider => provider.GetRequiredService<IReadOnlyDictionary<Mart, IMartSource>>()
            .ToDictionary(mart => mart.Key, mart => (IMartWatch)ActivatorUtilities.CreateInstance<ClusterWatch>(provider, mart.Key, mart.Value)));
        services.AddOptions<GrainCollectionOptions>().Configure<IOptions<GrainsOptions>>(
            (collection, grains) => collection.ClassSpecificCollectionAge[typeof(QueryGrain).FullName!] = grains.Value.IdleTime);
        // One trace from a request to the query that another silo makes for it.
        return silo.AddActivityPropagation();
    }
}
