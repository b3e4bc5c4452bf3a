using Microsoft.Extensions.Diagnostics.HealthChecks;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Web.Health;

/// <summary>Whether the shared store answered when last asked.</summary>
internal sealed class StoreHealth(FallbackStore store) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(store.Problem is { } problem ? HealthCheckResult.Degraded(problem) : HealthCheckResult.Healthy());
}
