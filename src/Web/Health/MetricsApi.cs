using OpenTelemetry.Metrics;

namespace TransactionPipeline.Web.Health;

/// <summary>Metrics for Prometheus at <c>/metrics</c>, and pushed by OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
public static class MetricsApi
{
    private const string OwnMeters = "TransactionPipeline.*";

    /// <summary>Collects the app's own meters and those of ASP.NET, Kestrel and the runtime.</summary>
    public static IHostApplicationBuilder AddMetrics(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter(OwnMeters, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Npgsql");
            metrics.AddPrometheusExporter();
            if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) metrics.AddOtlpExporter();
        });
        return builder;
    }

    /// <summary>Maps <c>/metrics</c>, open to anyone who reaches the port: it holds counts, no names and no keys.</summary>
    public static IEndpointRouteBuilder MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.MapPrometheusScrapingEndpoint().AllowAnonymous();
        return routes;
    }
}
