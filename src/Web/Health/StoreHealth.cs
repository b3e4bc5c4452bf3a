using Microsoft.Extensions.Diagnostics.HealthChecks;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Health;

/// <summary>What the shared store is and whether it answered when last asked. Without it this process goes on by itself, degraded.</summary>
internal sealed class StoreHealth(SharedStore shared, FallbackStore store) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["store"] = shared.Postgres is null ? "sqlite" : "postgres" };
        return Task.FromResult(store.Problem is { } problem
            ? HealthCheckResult.Degraded(problem, data: data)
            : HealthCheckResult.Healthy(data: data));
    }
}
