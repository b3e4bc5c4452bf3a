using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using TransactionPipeline.Web.Sales;

namespace TransactionPipeline.Web.Health;

/// <summary>
/// The probes. <c>live</c> asks nothing but the process itself; <c>startup</c> and <c>ready</c> look at the marts and the store, and tell
/// what serves from where. A replica that can still answer from its cache is ready, degraded.
/// </summary>
public static class HealthApi
{
    private const string ReadyTag = "ready";

    /// <summary>Adds the checks.</summary>
    public static IHostApplicationBuilder AddHealth(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Draining>();
        builder.Services.AddSingleton<UsersHealth>();
        builder.Services.AddHealthChecks()
            .AddCheck<MartsHealth>("marts", tags: [ReadyTag])
            .AddCheck<StoreHealth>("store", tags: [ReadyTag])
            .AddCheck<UsersHealth>("users", tags: [ReadyTag])
            .AddCheck<NotificationsHealth>("notifications", tags: [ReadyTag])
            .AddCheck<WarmUp>("warm_up", tags: [ReadyTag])
            .AddCheck<Draining>("draining", tags: [ReadyTag]);
        return builder;
    }

    /// <summary>Maps <c>/health/live</c>, <c>/health/ready</c> and <c>/health/startup</c>.</summary>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").AllowAnonymous();
        health.MapHealthChecks("/live", new() { Predicate = _ => false, ResponseWriter = WriteAsync });
        health.MapHealthChecks("/ready", new() { Predicate = check => check.Tags.Contains(ReadyTag), ResponseWriter = WriteAsync });
        health.MapHealthChecks("/startup", new() { Predicate = check => check.Tags.Contains(ReadyTag), ResponseWriter = WriteAsync });
        return routes;
    }

    private static Task WriteAsync(HttpContext http, HealthReport report)
    {
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        return JsonSerializer.SerializeAsync(
            http.Response.Body,
            new
            {
                status = report.Status.ToString().ToLowerInvariant(),
                checks = report.Entries.ToDictionary(
                    entry => entry.Key,
                    entry => new
                    {
                        status = entry.Value.Status.ToString().ToLowerInvariant(),
                        description = entry.Value.Description,
                        data = entry.Value.Data,
                    },
                    StringComparer.Ordinal),
            },
            cancellationToken: http.RequestAborted);
    }
}
