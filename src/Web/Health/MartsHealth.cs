using Microsoft.Extensions.Diagnostics.HealthChecks;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Web.Health;

/// <summary>
/// Which store plays each mart's part and whether it answers. A mart that fails, or is slow to answer, degrades: the last good answers
/// go on. A probe must not wait for it: its time-out would take every replica out of service for a mart that hangs.
/// </summary>
internal sealed class MartsHealth(IReadOnlyDictionary<Mart, IMartSource> sources, NewestMonths newestMonths, TimeProvider time) : IHealthCheck
{
    /// <summary>Well under the 3 s that the chart's probes have.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = sources.ToDictionary(one => one.Key.Name(), one => (object)one.Value.Store, StringComparer.Ordinal);
        var found = await Task.WhenAll(sources.Select(one => FindProblemAsync(one.Key, one.Value, cancellationToken)));
        var problems = found.OfType<string>().ToList();
        return problems.Count == 0
            ? HealthCheckResult.Healthy(data: data)
            : HealthCheckResult.Degraded(string.Join("; ", problems), data: data);
    }

    private async Task<string?> FindProblemAsync(Mart mart, IMartSource source, CancellationToken cancellationToken)
    {
        if (source is GuardedMartSource { Problem: { } guarded }) return $"{mart.Name()}: {guarded}";
        try
        {
            // Cached: a probe every few seconds costs the mart nothing.
            await newestMonths.FindAsync(mart, cancellationToken).AsTask().WaitAsync(Limit, time, cancellationToken);
            return null;
        }
        catch (MartException failed)
        {
            return $"{mart.Name()}: {failed.Message}";
        }
        catch (TimeoutException)
        {
            return $"{mart.Name()}: no answer within {Limit.TotalSeconds} s";
        }
    }
}
