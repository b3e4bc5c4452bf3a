using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Marts;

/// <summary>Which stores play the marts' parts, and the shared store with its leases. Another kind of store joins here.</summary>
public static class MartsFeature
{
    /// <summary>Adds an <see cref="IMartSource"/> for each <see cref="Mart"/> (by key), every <see cref="ITransactionStore"/>, the leases.</summary>
    public static IHostApplicationBuilder AddMarts(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddKeyedSingleton(SqliteStore.ServiceKey, (provider, _) => SqliteStore.In(provider.GetRequiredService<StateOptions>()));
        services.TryAddSingleton<ILeaseStore>(provider => new SqliteLeaseStore(
            provider.GetRequiredKeyedService<SqliteDatabase>(SqliteStore.ServiceKey), provider.GetRequiredService<TimeProvider>()));
        services.AddKeyedSingleton(SqliteMart.ServiceKey, (provider, _) => SqliteMart.In(provider.GetRequiredService<StateOptions>()));
        foreach (var mart in Enum.GetValues<Mart>())
            services.AddKeyedSingleton<IMartSource>(mart, (provider, _) => new SqliteMartSource(MartFile(provider), mart));
        services.AddSingleton<ITransactionStore>(provider => SqliteMart.StoreIn(
            MartFile(provider), provider.GetRequiredService<StateOptions>(), provider.GetRequiredService<TimeProvider>()));
        return builder;
    }

    /// <summary>Refuses to start with a store that is not there.</summary>
    public static IHost CheckMarts(this IHost host)
    {
        var options = host.Services.GetRequiredService<IOptions<MartsOptions>>().Value;
        foreach (var (mart, store) in new[] { (Mart.Warehouse, options.Warehouse), (Mart.Operational, options.Operational) })
            if (store is not ("auto" or "sqlite"))
                throw new StartRefusedException($"marts:{mart.Name()} is '{store}'; here it can be auto or sqlite.");
        return host;
    }

    private static SqliteDatabase MartFile(IServiceProvider provider) =>
        provider.GetRequiredKeyedService<SqliteDatabase>(SqliteMart.ServiceKey);
}
