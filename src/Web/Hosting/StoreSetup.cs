using Microsoft.Extensions.DependencyInjection.Extensions;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Store.Sqlite;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Hosting;

/// <summary>
/// The shared store: users, snapshots, leases, batches and runs. In PostgreSQL when that is configured, so that replicas act as one; else in
/// <c>store.db</c> of the state directory. The setting <c>shared_store</c> (<c>auto</c>, <c>postgres</c>, <c>sqlite</c>) decides otherwise.
/// </summary>
public static class StoreSetup
{
    private const string Section = "data_warehouse:postgres";

    /// <summary>Adds the shared store, and PostgreSQL when it is configured. May be called more than once.</summary>
    /// <exception cref="StartRefusedException">A setting is wrong.</exception>
    public static IHostApplicationBuilder AddStores(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => SqliteStore.In(provider.GetRequiredService<StateOptions>()));

        var options = builder.Configuration.Read<PostgresOptions>(Section);
        if (options.IsConfigured)
        {
            if (options.Problem is { } problem) throw new StartRefusedException(problem);
            services.TryAddSingleton(provider => new PostgresDatabase(options, provider.GetRequiredService<TimeProvider>()));
            services.TryAddSingleton<PostgresStore>();
        }
        var setting = builder.Configuration["shared_store"] ?? "auto";
        services.TryAddSingleton(provider => SharedStore.Choose(
            setting, provider.GetService<PostgresStore>(), provider.GetRequiredService<ILogger<SharedStore>>()));

        services.TryAddSingleton(provider => new ServedStores(
            provider.GetRequiredService<IReadOnlyDictionary<Mart, IMartSource>>(),
            provider.GetRequiredService<SharedStore>(),
            provider.GetRequiredService<SqliteStore>()));

        Add<IUserStore>(services, store => new PostgresUserStore(store), (file, time) => new SqliteUserStore(file, time));
        Add<ILeaseTable>(services, store => new PostgresLeaseStore(store), (file, time) => new SqliteLeaseStore(file, time));
        services.TryAddSingleton<ILeaseHolders, LoneProcess>();
        services.TryAddSingleton<ILeaseStore>(provider => new LeaseKeeper(
            provider.GetRequiredService<ILeaseTable>(), provider.GetRequiredService<ILeaseHolders>(), provider.GetRequiredService<TimeProvider>()));
        Add<ISnapshotStore>(services, store => new PostgresSnapshotStore(store), (file, time) => new SqliteSnapshotStore(file, time));
        Add<IDailyCounts>(services, store => new PostgresDailyCounts(store), (file, _) => new SqliteDailyCounts(file));
        services.TryAddSingleton<FallbackStore>();
        Add<IStoreSweeper>(services, store => new PostgresStoreSweeper(store), (file, _) => new SqliteStoreSweeper(file));
        Add<IBatchStore>(services, store => new PostgresBatchStore(store), (file, time) => new SqliteBatchStore(file, time));
        Add<IRunStore>(services, store => new PostgresRunStore(store), (file, time) => new SqliteRunStore(file, time));
        return builder;
    }

    private static void Add<TStore>(
        IServiceCollection services, Func<PostgresStore, TStore> shared, Func<SqliteStore, TimeProvider, TStore> embedded)
        where TStore : class =>
        services.TryAddSingleton(provider => provider.GetRequiredService<SharedStore>().Postgres is { } postgres
            ? shared(postgres)
            : embedded(provider.GetRequiredService<SqliteStore>(), provider.GetRequiredService<TimeProvider>()));
}
