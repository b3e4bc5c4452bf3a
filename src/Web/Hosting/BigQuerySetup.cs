using System.Net;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TransactionPipeline.Core.Archive;
using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.BigQuery;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Web.Hosting;

/// <summary>The warehouse mart in BigQuery, and the archive of uploads in Cloud Storage, when Google's credentials are configured.</summary>
public static class BigQuerySetup
{
    /// <summary>Adds both where they are configured. To be called when the other stores are registered.</summary>
    /// <exception cref="StartRefusedException">A setting has a value that cannot work.</exception>
    public static IHostApplicationBuilder AddBigQuery(this IHostApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var playsWarehouse = Plays(Mart.Warehouse, configuration["marts:warehouse"] ?? "auto", configuration);
        if (!playsWarehouse && !HasCredentials(configuration)) return builder;

        var google = configuration.Read<GoogleOptions>("google");
        var lake = configuration.Read<DataLakeOptions>("data_lake");
        Check(google, lake, playsWarehouse);
        var services = builder.Services;
        services.TryAddSingleton(provider => CreateHttp(google, provider));
        services.TryAddSingleton(provider => new TransactionArchive(
            new CloudStorageClient(provider.GetRequiredService<GoogleHttp>(), google.StorageEndpoint, lake.Bucket),
            lake,
            provider.GetRequiredService<TimeProvider>()));
        if (playsWarehouse) AddWarehouse(services, configuration, google);
        else if (lake.Bucket.Length > 0) ArchiveFirstStore(services);
        return builder;
    }

    /// <summary>True when BigQuery plays the part of <paramref name="mart"/> under the setting <paramref name="store"/>.</summary>
    public static bool Plays(Mart mart, string store, IConfiguration configuration) =>
        mart == Mart.Warehouse && (store == "bigquery" || (store == "auto" && HasCredentials(configuration)));

    // Application default credentials of the machine alone are no sign that BigQuery is meant: every server of Google's has some.
    private static bool HasCredentials(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration["google:credentials_file"]) || !string.IsNullOrEmpty(configuration["GOOGLE_APPLICATION_CREDENTIALS"]);

    private static void AddWarehouse(IServiceCollection services, IConfiguration configuration, GoogleOptions google)
    {
        var options = configuration.Read<BigQueryOptions>("bigquery");
        if (options.TimeoutMs < 1 || options.PipelineTimeoutMs < 1)
            throw new StartRefusedException("bigquery:timeout_ms and bigquery:pipeline_timeout_ms must be above 0.");
        var warehouse = configuration.Read<BigQueryWarehouseOptions>("data_warehouse");
        var mart = configuration.Read<BigQueryMartOptions>("data_mart");
        services.TryAddSingleton(provider => new ByteBudget(
            provider.GetRequiredService<FallbackStore>(), options.DailyByteBudget, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(provider => new BigQueryMart(
            provider.GetRequiredService<GoogleHttp>(), google, warehouse, mart, options,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        services.TryAddSingleton(provider => provider.GetRequiredService<BigQueryMart>().CreateSource(provider.GetRequiredService<ByteBudget>()));
        // First: loading goes object store, warehouse, operational mart.
        services.Insert(0, ServiceDescriptor.Singleton<ITransactionStore, BigQueryTransactionStore>(provider =>
            provider.GetRequiredService<BigQueryMart>().CreateStore(provider.GetRequiredService<TransactionArchive>())));
    }

    private static void ArchiveFirstStore(IServiceCollection services)
    {
        for (var i = 0; i < services.Count; i++)
        {
            if (services[i] is not { ImplementationFactory: { } create } store || store.ServiceType != typeof(ITransactionStore)) continue;
            services[i] = ServiceDescriptor.Singleton<ITransactionStore>(provider => new ArchivingTransactionStore(
                (ITransactionStore)create(provider), provider.GetRequiredService<TransactionArchive>()));
            return;
        }
    }

    private static GoogleHttp CreateHttp(GoogleOptions google, IServiceProvider provider)
    {
        // A custom endpoint without a credentials file is a stand-in: Google's own token is not sent there.
        var isCustom = google.BigQueryEndpoint.Length > 0 || google.StorageEndpoint.Length > 0;
        IAccessTokens tokens = isCustom && google.CredentialsFile.Length == 0 ? new NoAccessTokens() : new GoogleAccessTokens(google.CredentialsFile);
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.All,
            // Google's addresses change; a pooled connection must not outlive them for long.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        return new GoogleHttp(
            new HttpMessageInvoker(handler), tokens, google, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<GoogleHttp>>());
    }

    private static void Check(GoogleOptions google, DataLakeOptions lake, bool playsWarehouse)
    {
        if (google.Attempts is < 1 or > 10) throw new StartRefusedException($"google:attempts must be 1 to 10, not {google.Attempts}.");
        if (google.CallTimeoutSeconds < 1) throw new StartRefusedException("google:call_timeout_seconds must be above 0.");
        if (playsWarehouse && lake.Bucket.Length == 0)
            throw new StartRefusedException("data_lake:gcs_bucket is blank; BigQuery loads from a Cloud Storage bucket.");
        if (lake.ChunkBytes < ResumableUpload.Quantum || lake.ChunkBytes % ResumableUpload.Quantum != 0)
            throw new StartRefusedException($"data_lake:chunk_bytes must be a multiple of {ResumableUpload.Quantum} (256 KiB), not {lake.ChunkBytes}.");
    }
}
