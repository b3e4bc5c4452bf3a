using System.Diagnostics.Metrics;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>What the cache counts, by OpenTelemetry's naming rules; scraped at <c>/metrics</c>.</summary>
public static class CacheMetrics
{
    /// <summary>The meter's name, for exporters.</summary>
    public const string MeterName = "TransactionPipeline.Cache";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Answers = Meter.CreateCounter<long>(
        "pipeline.cache.answers", "{answer}", "Answers by mart and by how they came: hit, stale, revalidated, miss, stale-if-error");
    private static readonly Histogram<double> Refreshes = Meter.CreateHistogram<double>(
        "pipeline.cache.refresh.duration", "s", "Refreshes by mart and outcome: unchanged, queried, derived, failed");

    internal static void Answered(Mart mart, CacheResult result) =>
        Answers.Add(1, new("mart", mart.Name()), new("result", result.Word()));

    internal static void Refreshed(Mart mart, string outcome, TimeSpan took) =>
        Refreshes.Record(took.TotalSeconds, new("mart", mart.Name()), new("outcome", outcome));
}
