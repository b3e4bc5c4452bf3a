using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.BigQuery;
using TransactionPipeline.Core.Marts.Postgres;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Web.Hosting;

/// <summary>Decides which store plays each mart's part, and says so.</summary>
public static partial class MartSetup
{
    private const string BigQuery = "bigquery";
    private const string Postgres = "postgres";
    private const string Sqlite = "sqlite";

    /// <summary>Adds the reading and the writing side of both marts.</summary>
    /// <exception cref="StartRefusedException">A part is given to a store that is not there.</exception>
    public static IHostApplicationBuilder AddMarts(this IHostApplicationBuilder builder)
    {
        builder.AddStores();
        var services = builder.Services;
        var configured = builder.Configuration.Read<MartsOptions>("marts");
        var hasPostgres = services.Any(service => service.ServiceType == typeof(PostgresDatabase));
        var parts = new Dictionary<Mart, string>
        {
            [Mart.Warehouse] = Choose(Mart.Warehouse, configured.Warehouse, hasPostgres, builder.Configuration),
            [Mart.Operational] = Choose(Mart.Operational, configured.Operational, hasPostgres, builder.Configuration),
        };
        services.TryAddKeyedSingleton(SqliteMart.ServiceKey, (provider, _) => SqliteMart.In(provider.GetRequiredService<StateOptions>()));
        services.TryAddKeyedSingleton(PostgresMart.ServiceKey, (provider, _) => PostgresMart.SchemaIn(provider.GetRequiredService<PostgresDatabase>()));
        // One writing side for each store, though it may play both parts. By its own type, so that adding twice adds nothing.
        if (parts.ContainsValue(Postgres))
        {
            services.TryAddEnumerable(ServiceDescriptor.Singleton<ITransactionStore, PostgresTransactionStore>(provider => new(
                provider.GetRequiredService<PostgresDatabase>(), PostgresTables(provider))));
        }
        if (parts.ContainsValue(Sqlite))
        {
            services.TryAddEnumerable(ServiceDescriptor.Singleton<ITransactionStore, SqliteTransactionStore>(provider => SqliteMart.StoreIn(
                SqliteFile(provider), provider.GetRequiredService<StateOptions>(), provider.GetRequiredService<TimeProvider>())));
        }
        services.TryAddSingleton<IReadOnlyDictionary<Mart, IMartSource>>(provider =>
            parts.ToDictionary(part => part.Key, part => Guarded(provider, part.Key, part.Value)));
        return builder.AddBigQuery();
    }

    /// <summary>Says which store plays each part.</summary>
    public static IHost CheckMarts(this IHost host)
    {
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(MartSetup).FullName!);
        foreach (var (mart, source) in host.Services.GetRequiredService<IReadOnlyDictionary<Mart, IMartSource>>())
            LogServes(logger, mart.Name(), source.Store);
        return host;
    }

    private static string Choose(Mart mart, string setting, bool hasPostgres, IConfiguration configuration) => setting switch
    {
        _ when BigQuerySetup.Plays(mart, setting, configuration) => BigQuery,
        "auto" => hasPostgres ? Postgres : Sqlite,
        Sqlite => Sqlite,
        Postgres when hasPostgres => Postgres,
        Postgres => throw new StartRefusedException(
            $"marts:{mart.Name()} is postgres, but data_warehouse:postgres has neither user and password nor a credentials_directory."),
        _ => throw new StartRefusedException(
            $"marts:{mart.Name()} is '{setting}'; it must be auto, bigquery (the warehouse only), postgres or sqlite."),
    };

    private static IMartSource Guarded(IServiceProvider provider, Mart mart, string store)
    {
        IMartSource source = store switch
        {
            BigQuery => provider.GetRequiredService<BigQueryMartSource>(),
            Postgres => new PostgresMartSource(provider.GetRequiredService<PostgresDatabase>(), PostgresTables(provider), mart),
            _ => new SqliteMartSource(SqliteFile(provider), mart),
        };
        var guard = provider.GetRequiredService<IOptions<MartsOptions>>().Value.Guard.Of(mart);
        guard = store switch
        {
            // Google's calls are repeated one by one (GoogleHttp), under an id that keeps a query from being billed twice. Retries here
            // would multiply those, and bill each.
            BigQuery => guard.WithoutRetries(),
            Postgres => guard.AtMost(provider.GetRequiredService<PostgresDatabase>().MaxQuestions),
            _ => guard,
        };
        return new GuardedMartSource(source, guard, provider.GetRequiredService<TimeProvider>());
    }

    private static PostgresSchema PostgresTables(IServiceProvider provider) =>
        provider.GetRequiredKeyedService<PostgresSchema>(PostgresMart.ServiceKey);

    private static SqliteDatabase SqliteFile(IServiceProvider provider) =>
        provider.GetRequiredKeyedService<SqliteDatabase>(SqliteMart.ServiceKey);

    [LoggerMessage(LogLevel.Information, "The {Mart} mart is served from {Store}")]
    private static partial void LogServes(ILogger logger, string mart, string store);
}
