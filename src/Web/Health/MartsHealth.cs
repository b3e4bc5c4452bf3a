using Microsoft.Extensions.Diagnostics.HealthChecks;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Health;

/// <summary>Which store plays each mart's part and whether it answers. A mart that fails degrades: the last good answers go on.</summary>
internal sealed class MartsHealth(IReadOnlyDictionary<Mart, IMartSource> sources, INewestMonth newestMonth) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        string? problem = null;
        foreach (var (mart, source) in sources)
        {
            data[mart.Name()] = source.Store;
            try
            {
                // Cached: a probe every few seconds costs the mart nothing.
                await newestMonth.GetAsync(mart, cancellationToken);
            }
            catch (MartException failed)
            {
                problem ??= $"{mart.Name()}: {failed.Message}";
            }
        }
        return problem is null ? HealthCheckResult.Healthy(data: data) : HealthCheckResult.Degraded(problem, data: data);
    }
}
