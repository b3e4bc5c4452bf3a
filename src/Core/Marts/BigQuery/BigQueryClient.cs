using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>BigQuery's REST API v2 for one project. Every call is retried by <see cref="GoogleHttp"/>; jobs that fail for a passing reason here.</summary>
internal sealed partial class BigQueryClient
{
    private const string GoogleEndpoint = "https://bigquery.googleapis.com";

    private readonly GoogleHttp _http;
    private readonly BigQueryOptions _options;
    private readonly BigQueryMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _project;

    public BigQueryClient(
        GoogleHttp http, string endpoint, BigQueryTables tables, BigQueryOptions options, BigQueryMetrics metrics, TimeProvider time, ILogger<BigQueryClient> logger)
    {
        _http = http;
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        Tables = tables;
        Identity = new(
            BigQueryMartSource.StoreName,
            $"{tables.Summaries.Dataset}.{tables.Summaries.Table} of project {tables.Project}" + (endpoint.Length == 0 ? "" : $" at {endpoint}"),
            Id: null);
        _project = $"{(endpoint.Length == 0 ? GoogleEndpoint : endpoint).TrimEnd('/')}/bigquery/v2/projects/{tables.Project}";
    }

    public BigQueryTables Tables { get; }

    /// <summary>The mart's project and dataset, and the endpoint when that is not Google's own.</summary>
    public StoreIdentity Identity { get; }

    public TableReference Reference(TableName table) => new(Tables.Project, table.Dataset, table.Table);

    /// <summary>The table's metadata: free. Null when there is no such table.</summary>
    public Task<TableResource?> FindTableAsync(TableName table, CancellationToken cancellationToken) => OrNullAsync(
        () => GetAsync(UriOf(table), BigQueryJson.Default.TableResource, cancellationToken));

    /// <summary>Makes the dataset unless it is there.</summary>
    public Task CreateDatasetAsync(string dataset, CancellationToken cancellationToken) => UnlessThereAsync(
        () => PostAsync(
            $"{_project}/datasets",
            new DatasetResource(new DatasetReference(dataset, Tables.Project), _options.Location), BigQueryJson.Default.DatasetResource,
            BigQueryJson.Default.DatasetResource, cancellationToken));

    /// <summary>Makes the table unless it is there.</summary>
    public Task CreateTableAsync(TableName table, TableResource resource, CancellationToken cancellationToken) => UnlessThereAsync(
        () => PostAsync(
            $"{_project}/datasets/{table.Dataset}/tables", resource with { TableReference = Reference(table) }, BigQueryJson.Default.TableResource,
            BigQueryJson.Default.TableResource, cancellationToken));

    /// <summary>Removes the table; one that is not there is no failure.</summary>
    public async Task DeleteTableAsync(TableName table, CancellationToken cancellationToken)
    {
        try
        {
            await _http.SendAsync(() => new(HttpMethod.Delete, UriOf(table)), cancellationToken);
        }
        catch (GoogleApiException error) when (error.Reason == GoogleReasons.NotFound)
        {
            // Gone already: what was wanted.
        }
    }

    /// <summary>All rows of a small table, without a query: free.</summary>
    public async Task<List<TableRow>> ListRowsAsync(TableName table, CancellationToken cancellationToken)
    {
        var rows = new List<TableRow>();
        string? page = null;
        do
        {
            var next = await GetAsync(
                $"{UriOf(table)}/data{(page is null ? "" : $"?pageToken={Uri.EscapeDataString(page)}")}", BigQueryJson.Default.TableRows, cancellationToken);
            rows.AddRange(next.Rows ?? []);
            page = next.PageToken;
        }
        while (page is not null);
        return rows;
    }

    private static async Task<TableResource?> OrNullAsync(Func<Task<TableResource>> get)
    {
        try
        {
            return await get();
        }
        catch (GoogleApiException error) when (error.Reason == GoogleReasons.NotFound)
        {
            return null;
        }
    }

    // Several processes prepare at once, and an answer that was lost is asked for again: 409 is as good as made.
    private static async Task UnlessThereAsync(Func<Task> create)
    {
        try
        {
            await create();
        }
        catch (GoogleApiException error) when (error.Status == 409)
        {
        }
    }

    private string UriOf(TableName table) => $"{_project}/datasets/{table.Dataset}/tables/{table.Table}";

    private Task<T> GetAsync<T>(string uri, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        _http.SendAsync(() => new(HttpMethod.Get, uri), type, cancellationToken);

    private Task<TAnswer> PostAsync<TBody, TAnswer>(
        string uri, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken)
        where TAnswer : class =>
        _http.SendAsync(() => new(HttpMethod.Post, uri) { Content = JsonContent.Create(body, bodyType) }, answerType, cancellationToken);

    private Task<TAnswer> PostOnceAsync<TBody, TAnswer>(
        string uri, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken)
        where TAnswer : class =>
        _http.SendOnceAsync(
            () => new(HttpMethod.Post, uri) { Content = JsonContent.Create(body, bodyType) }, GoogleHttp.Reader(answerType), cancellationToken);
}
