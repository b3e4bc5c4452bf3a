using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>
/// The warehouse mart in BigQuery: <c>summary_sales</c>. The change token is the table's metadata, which is free; a query has a cap on what
/// it may be billed for and draws on the day's budget.
/// </summary>
public sealed class BigQueryMartSource : IMartSource
{
    internal const string StoreName = "bigquery";

    private readonly BigQueryClient _client;
    private readonly BigQueryOptions _options;
    private readonly ByteBudget _budget;
    private readonly TimeProvider _time;
    private volatile TableResource? _table;
    private NewestMonth? _newest;

    internal BigQueryMartSource(BigQueryClient client, BigQueryOptions options, ByteBudget budget, TimeProvider time)
    {
        _client = client;
        _options = options;
        _budget = budget;
        _time = time;
    }

    /// <inheritdoc/>
    public string Store => StoreName;

    /// <summary>By names, which are the same for everybody who asks Google.</summary>
    public Task<StoreIdentity> IdentifyAsync(CancellationToken cancellationToken) => Task.FromResult(_client.Identity);

    /// <inheritdoc/>
    public bool IsCostlyToPoll => true;

    /// <summary>True: it is the table's.</summary>
    public bool HasOneToken => true;

    /// <inheritdoc/>
    public async Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken) =>
        Token(await FindTableAsync(cancellationToken));

    /// <inheritdoc/>
    public async Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        if (key.Mart != Mart.Warehouse) throw new ArgumentException("BigQuery plays the warehouse mart's part only.", nameof(key));
        if (!key.HasText) return MartRows.Empty;
        // A refresh has asked for the token just before: the columns are known from there.
        var table = _table ?? await FindTableAsync(cancellationToken);
        var columns = table.Schema?.Fields ?? [];
        var sql = $"""
            SELECT {Optional(columns, "transaction_id", "STRING")}, product, sale_month, total_amount, avg_price, transaction_count,
                   {Optional(columns, "total_quantity", "INT64")}
            FROM {_client.Tables.Sql(_client.Tables.Summaries)}
            WHERE sale_month = @month AND STARTS_WITH(product, @prefix)
            """;
        var rows = new MartRowsBuilder();
        await QueryAsync(
            sql,
            [BigQueryParameter.Day("month", key.Month.FirstDay), BigQueryParameter.Text("prefix", key.Prefix)],
            "read-mart",
            row => rows.Add(SummaryRow.Read(row)),
            cancellationToken);
        return rows.Build();
    }

    /// <inheritdoc/>
    public async Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken)
    {
        // The query reads a whole column: it is asked once for each state of the table.
        var token = Token(await FindTableAsync(cancellationToken));
        if (_newest is { } known && known.Token == token) return known.Month;
        Month? newest = null;
        await QueryAsync(
            $"SELECT MAX(sale_month) AS newest FROM {_client.Tables.Sql(_client.Tables.Summaries)}",
            [],
            "newest-month",
            row => newest = row.F[0].V is { } day ? Month.Of(SummaryRow.Day(day)) : null,
            cancellationToken);
        _newest = new NewestMonth(token, newest);
        return newest;
    }

    private async Task<TableResource> FindTableAsync(CancellationToken cancellationToken) => await BigQueryErrors.ToMartExceptionsAsync(
        async () => _table = await _client.FindTableAsync(_client.Tables.Summaries, cancellationToken)
            ?? throw new GoogleApiException(GoogleReasons.NotFound, 404));

    // A view's metadata says nothing of the rows behind it: each look must count as a change. Rows that are streamed in show in the buffer
    // before they show in the table.
    private string Token(TableResource table) => table.Type is "TABLE" or null
        ? $"{table.LastModifiedTime}/{table.NumRows}/{table.StreamingBuffer?.EstimatedRows ?? 0}/{table.Etag}"
        : $"{table.Type}/{_time.GetUtcNow().UtcTicks}";

    private static string Optional(IReadOnlyList<TableField> columns, string name, string type) =>
        columns.Any(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ? name : $"CAST(NULL AS {type}) AS {name}";

    private async Task QueryAsync(
        string sql, IReadOnlyList<QueryParameter> parameters, string purpose, Action<TableRow> add, CancellationToken cancellationToken)
    {
        var reserved = await _budget.TryReserveAsync(_options.MaximumBytesBilled, cancellationToken) ?? throw SpentBudget();
        var cost = new QueryCost();
        try
        {
            await _client.QueryAsync(sql, parameters, purpose, add, reserved.Bytes, cost, cancellationToken);
        }
        catch (GoogleApiException error)
        {
            throw BigQueryErrors.ToMartException(error);
        }
        finally
        {
            // Also a query whose pages could not be read is billed, and one that was given up may be: what was set aside for it stays.
            if (cost.Billed is { } billed) await _budget.SettleAsync(reserved, billed);
        }
    }

    private MartException SpentBudget()
    {
        var now = _time.GetUtcNow();
        return new MartException(
            "The day's byte budget of BigQuery (bigquery:daily_byte_budget) is spent. It begins anew at midnight UTC.", MartFailure.Unavailable)
        {
            RetryAfter = now.UtcDateTime.Date.AddDays(1) - now.UtcDateTime,
        };
    }

    private sealed record NewestMonth(string Token, Month? Month);
}
