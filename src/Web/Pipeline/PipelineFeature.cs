using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.Uploads;

namespace TransactionPipeline.Web.Pipeline;

/// <summary>Transactions in, marts out: the receiver and transform_sales_mart, for the server and for the command line.</summary>
public static class PipelineFeature
{
    /// <summary>Adds what receives transactions and what runs the pipeline. Starts nothing.</summary>
    public static IHostApplicationBuilder AddPipelineCore(this IHostApplicationBuilder builder)
    {
        builder.AddMarts();
        var services = builder.Services;
        services.AddSingleton(provider => new TransactionIdHasher(provider.GetRequiredService<IOptions<SecurityOptions>>().Value.PiiKey));
        services.AddSingleton<TransactionReceiver>();
        services.AddSingleton(provider => new SummaryExporter(provider.GetRequiredService<StateOptions>().PathOf(
            provider.GetRequiredService<IOptions<OrchestrationOptions>>().Value.ExportDirectory)));
        services.AddSingleton<PipelineSteps>().AddSingleton<PipelineRunner>();
        return builder;
    }

    /// <summary>Adds the pipeline to a server: on schedule, and with the sample file while the marts are empty.</summary>
    public static IHostApplicationBuilder AddPipeline(this IHostApplicationBuilder builder)
    {
        builder.AddPipelineCore();
        builder.Services.AddHostedService<OrphanedRuns>();
        builder.Services.AddHostedService<SampleLoader>();
        builder.AddSchedule();
        return builder;
    }

    /// <summary>Maps /upload/transactions and /pipeline/runs.</summary>
    public static IEndpointRouteBuilder MapPipelineFeature(this IEndpointRouteBuilder routes)
    {
        routes.MapUploads();
        routes.MapPipeline();
        return routes;
    }
}
