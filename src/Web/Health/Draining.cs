using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace TransactionPipeline.Web.Health;

/// <summary>Not ready once the process has been asked to stop, so that no new request is sent to it.</summary>
internal sealed class Draining(IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested
            ? HealthCheckResult.Unhealthy("this process is stopping")
            : HealthCheckResult.Healthy());
}
