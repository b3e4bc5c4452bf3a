using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store.Sqlite;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Marts;

namespace TransactionPipeline.Web.Pipeline;

/// <summary>Transactions in, marts out: the receiver and transform_sales_mart, for the server and for the command line.</summary>
public static class PipelineFeature
{
    /// <summary>Adds what receives transactions and what runs the pipeline. Starts nothing.</summary>
    public static IHostApplicationBuilder AddPipelineCore(this IHostApplicationBuilder builder)
    {
        builder.AddMarts();
        var services = builder.Services;
        services.AddSingleton<IBatchStore>(provider => new SqliteBatchStore(StoreFile(provider), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IRunStore>(provider => new SqliteRunStore(StoreFile(provider), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new TransactionIdHasher(provider.GetRequiredService<IOptions<SecurityOptions>>().Value.PiiKey));
        services.AddSingleton<TransactionReceiver>();
        services.AddSingleton(provider => new SummaryExporter(provider.GetRequiredService<StateOptions>().PathOf(
            provider.GetRequiredService<IOptions<OrchestrationOptions>>().Value.ExportDirectory)));
        services.AddSingleton<PipelineSteps>().AddSingleton<PipelineRunner>();
        return builder;
    }

    private static SqliteDatabase StoreFile(IServiceProvider provider) =>
        provider.GetRequiredKeyedService<SqliteDatabase>(SqliteStore.ServiceKey);
}
