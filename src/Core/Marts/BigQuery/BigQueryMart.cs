using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Archive;
using TransactionPipeline.Core.Google;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>Puts the parts of BigQuery's mart together.</summary>
public sealed class BigQueryMart : IDisposable
{
    private readonly BigQueryClient _client;
    private readonly BigQueryOptions _options;
    private readonly TimeProvider _time;
    private readonly BigQueryMetrics _metrics;

    /// <summary>The mart in the project and datasets of the options.</summary>
    /// <exception cref="InvalidDataException">A name in the options is not one that BigQuery knows.</exception>
    public BigQueryMart(
        GoogleHttp http, GoogleOptions google, BigQueryWarehouseOptions warehouse, BigQueryMartOptions mart, BigQueryOptions options,
        TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _time = time;
        _metrics = new BigQueryMetrics(this);
        _client = new BigQueryClient(
            http, google.BigQueryEndpoint, new BigQueryTables(warehouse, mart), options, _metrics, time, loggers.CreateLogger<BigQueryClient>());
    }

    /// <summary>The reading side.</summary>
    public BigQueryMartSource CreateSource(ByteBudget budget) => new(_client, _options, budget, _time);

    /// <summary>The writing side, staged in <paramref name="archive"/>.</summary>
    public BigQueryTransactionStore CreateStore(TransactionArchive archive) => new(_client, _options, archive, _time);

    /// <inheritdoc/>
    public void Dispose() => _metrics.Dispose();
}
