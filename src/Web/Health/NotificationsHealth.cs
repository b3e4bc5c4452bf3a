using Microsoft.Extensions.Diagnostics.HealthChecks;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Web.Health;

/// <summary>Whether PostgreSQL's notifications are heard. While they are not, changes show by the poll: later, but they do.</summary>
internal sealed class NotificationsHealth(IServiceProvider services) : IHealthCheck
{
    // Not there when no PostgreSQL is configured: then there is nothing to hear.
    private readonly PostgresListener? _listener = services.GetService<PostgresListener>();

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_listener is { IsListening: false }
            ? HealthCheckResult.Degraded("changes are not heard of at once, only by the poll")
            : HealthCheckResult.Healthy());
}
