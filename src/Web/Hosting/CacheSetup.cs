using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Sales;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Web.Hosting;

/// <summary>The cache in this process: key owner, snapshot store, leases, watcher.</summary>
public static class CacheSetup
{
    /// <summary>Adds the cache. A host that brings an <see cref="IKeyOwner"/> of its own registers it after this.</summary>
    public static IHostApplicationBuilder AddCache(this IHostApplicationBuilder builder)
    {
        var cache = builder.Configuration.Read<CacheOptions>("cache");
        var retention = builder.Configuration.Read<RetentionOptions>("retention");
        if ((cache.Problem ?? retention.FindProblem(cache.MaxStaleOnErrorSeconds)) is { } problem) throw new StartRefusedException(problem);
        var services = builder.Services;
        builder.AddStores();
        services.AddSingleton(provider => new VersionClock(
            provider.GetRequiredService<TimeProvider>(), BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long)))));
        services.AddSingleton(provider =>
        {
            var store = provider.GetRequiredService<FallbackStore>();
            return new CachedQueryContext(
                provider.GetRequiredService<IReadOnlyDictionary<Mart, IMartSource>>(),
                store,
                store,
                provider.GetRequiredService<IOptions<CacheOptions>>().Value,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<VersionClock>(),
                provider.GetRequiredService<ILogger<KeyTable>>(),
                provider.GetRequiredService<ILeaseHolders>().Own);
        });
        services.AddSingleton<KeyTable>();
        services.AddSingleton<IKeyOwner>(provider => provider.GetRequiredService<KeyTable>());
        services.AddSingleton<IReadOnlyDictionary<Mart, IMartWatch>>(provider => provider.GetRequiredService<IReadOnlyDictionary<Mart, IMartSource>>()
            .ToDictionary(mart => mart.Key, mart => (IMartWatch)new MartWatch(mart.Key, provider.GetRequiredService<CachedQueryContext>())));
        services.AddSingleton(provider => new NewestMonths(
            provider.GetRequiredService<IReadOnlyDictionary<Mart, IMartWatch>>(),
            provider.GetRequiredService<FallbackStore>(),
            provider.GetRequiredService<IOptions<CacheOptions>>().Value,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<INewestMonth>(provider => provider.GetRequiredService<NewestMonths>());
        services.AddSingleton<MonthlySales>();
        services.AddSingleton<IHeldKeys>(provider => provider.GetRequiredService<KeyTable>());
        services.AddSingleton<MartWatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<MartWatcher>());
        services.AddOptions<RetentionOptions>().Bind(builder.Configuration.GetSection("retention"));
        services.AddHostedService<StoreSweeping>();
        if (services.Any(service => service.ServiceType == typeof(PostgresDatabase)))
        {
            services.AddSingleton<PostgresListener>();
            services.AddHostedService(provider => provider.GetRequiredService<PostgresListener>());
        }
        return builder;
    }

    /// <summary>A transform of this process shows at once, not at the watcher's next look.</summary>
    public static void WakeWatcherAfterTransform(this IHost host)
    {
        var watcher = host.Services.GetRequiredService<MartWatcher>();
        host.Services.GetRequiredService<PipelineRunner>().MartsChanged += (_, _) => watcher.Wake();
    }
}
