using System.Diagnostics.Metrics;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>What BigQuery is asked and bills.</summary>
public sealed class BigQueryMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "TransactionPipeline.BigQuery";

    private readonly Meter _meter;
    private readonly Counter<long> _processed;
    private readonly Counter<long> _billed;
    private readonly Counter<long> _jobs;

    /// <summary>Makes the instruments.</summary>
    /// <param name="mart">The meter's scope: what tells several marts' meters apart in one process.</param>
    public BigQueryMetrics(BigQueryMart mart)
    {
        _meter = new Meter(new MeterOptions(MeterName) { Scope = mart });
        _processed = _meter.CreateCounter<long>("bigquery.bytes.processed", "By", "Bytes that queries read.");
        _billed = _meter.CreateCounter<long>("bigquery.bytes.billed", "By", "Bytes that queries are billed for, on demand.");
        _jobs = _meter.CreateCounter<long>("bigquery.jobs", "{job}", "Query and load jobs that ended.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Add(string purpose, long processed, long billed)
    {
        var tag = new KeyValuePair<string, object?>("purpose", purpose);
        _processed.Add(processed, tag);
        _billed.Add(billed, tag);
        _jobs.Add(1, tag);
    }
}
