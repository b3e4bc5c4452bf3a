using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Web.Hosting;

/// <summary>Decides which store plays each mart's part, and says so.</summary>
public static class MartSetup
{
    /// <summary>Adds the reading and the writing side of both marts.</summary>
    public static IHostApplicationBuilder AddMarts(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddKeyedSingleton(SqliteStore.ServiceKey, (provider, _) => SqliteStore.In(provider.GetRequiredService<StateOptions>()));
        services.TryAddSingleton<ILeaseStore>(provider => new SqliteLeaseStore(
            provider.GetRequiredKeyedService<SqliteDatabase>(SqliteStore.ServiceKey), provider.GetRequiredService<TimeProvider>()));
        services.TryAddKeyedSingleton(SqliteMart.ServiceKey, (provider, _) => SqliteMart.In(provider.GetRequiredService<StateOptions>()));
        services.TryAddSingleton<ITransactionStore>(provider => SqliteMart.StoreIn(
            provider.GetRequiredKeyedService<SqliteDatabase>(SqliteMart.ServiceKey),
            provider.GetRequiredService<StateOptions>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IReadOnlyDictionary<Mart, IMartSource>>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<MartsOptions>>().Value;
            return new Dictionary<Mart, IMartSource>
            {
                [Mart.Warehouse] = Source(provider, Mart.Warehouse, options.Warehouse),
                [Mart.Operational] = Source(provider, Mart.Operational, options.Operational),
            };
        });
        return builder;
    }

    /// <summary>Refuses to start with a store that is not there.</summary>
    public static IHost CheckMarts(this IHost host)
    {
        host.Services.GetRequiredService<IReadOnlyDictionary<Mart, IMartSource>>();
        return host;
    }

    private static IMartSource Source(IServiceProvider provider, Mart mart, string store) => store switch
    {
        "auto" or "sqlite" => new SqliteMartSource(provider.GetRequiredKeyedService<SqliteDatabase>(SqliteMart.ServiceKey), mart),
        _ => throw new StartRefusedException($"marts:{mart.Name()} is '{store}'; it must be auto or sqlite."),
    };
}
