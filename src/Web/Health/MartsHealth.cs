using Microsoft.Extensions.Diagnostics.HealthChecks;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Health;

/// <summary>Which store plays each mart's part and whether it answers. A mart that fails degrades: the last good answers go on.</summary>
internal sealed class MartsHealth(IReadOnlyDictionary<Mart, IMartSource> sources, NewestMonth newestMonth) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        var problems = new List<string>();
        foreach (var (mart, source) in sources)
        {
            data[mart.Name()] = source.Store;
            if (await FindProblemAsync(mart, source, cancellationToken) is { } problem) problems.Add($"{mart.Name()}: {problem}");
        }
        return problems.Count == 0
            ? HealthCheckResult.Healthy(data: data)
            : HealthCheckResult.Degraded(string.Join("; ", problems), data: data);
    }

    private async Task<string?> FindProblemAsync(Mart mart, IMartSource source, CancellationToken cancellationToken)
    {
        if (source is GuardedMartSource { Problem: { } guarded }) return guarded;
        try
        {
            // Cached: a probe every few seconds costs the mart nothing.
            await newestMonth.GetAsync(mart, cancellationToken);
            return null;
        }
        catch (MartException failed)
        {
            return failed.Message;
        }
    }
}
