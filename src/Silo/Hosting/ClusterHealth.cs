using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace TransactionPipeline.Silo.Hosting;

/// <summary>What the cluster takes this silo for. One that is not active must get no requests.</summary>
internal sealed class ClusterHealth(ILocalSiloDetails silo, IClusterMembershipService membership) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var view = membership.CurrentSnapshot;
        var status = view.GetSiloStatus(silo.SiloAddress);
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["silo"] = silo.Name,
            ["cluster"] = silo.ClusterId,
            ["status"] = status.ToString(),
            ["membership_version"] = view.Version.ToString(),
            ["active_silos"] = view.Members.Values.Count(member => member.Status == SiloStatus.Active),
        };
        return Task.FromResult(status == SiloStatus.Active
            ? HealthCheckResult.Healthy(data: data)
            : HealthCheckResult.Unhealthy($"the cluster takes this silo for {status}", data: data));
    }
}
