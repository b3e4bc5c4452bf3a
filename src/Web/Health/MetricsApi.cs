using OpenTelemetry.Metrics;

namespace TransactionPipeline.Web.Health;

/// <summary>Metrics for Prometheus at <c>/metrics</c>, and pushed by OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
public static class MetricsApi
{
    private const string OwnMeters = "TransactionPipeline.*";
    private const string Npgsql = "Npgsql";

    // Npgsql also tells the server's host and port and the database's name. What is not named here is left out, also what a later version adds.
    private static readonly string[] NpgsqlTags = ["db.client.connection.pool.name", "db.client.connection.state", "error.type"];

    // Of one instrument. OpenTelemetry makes room for all of them at once, and for 2,000 when it is not told: only requests, by route, method
    // and status, may need so many. What would be more is counted together as otel.metric.overflow.
    private const int MaxSeries = 200;
    private const string Requests = "Microsoft.AspNetCore.Hosting";

    /// <summary>Collects the app's own meters and those of ASP.NET, Kestrel and the runtime.</summary>
    public static IHostApplicationBuilder AddMetrics(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter(OwnMeters, Requests, "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", Npgsql);
            metrics.AddView(static instrument => instrument.Meter.Name switch
            {
                Requests => null,
                Npgsql => new() { TagKeys = NpgsqlTags, CardinalityLimit = MaxSeries },
                _ => new() { CardinalityLimit = MaxSeries },
            });
            metrics.AddPrometheusExporter();
            if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) metrics.AddOtlpExporter();
        });
        return builder;
    }

    /// <summary>Maps <c>/metrics</c>, open to anyone who reaches the port: it holds counts, no names, hosts or keys.</summary>
    public static IEndpointRouteBuilder MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.MapPrometheusScrapingEndpoint().AllowAnonymous();
        return routes;
    }
}
