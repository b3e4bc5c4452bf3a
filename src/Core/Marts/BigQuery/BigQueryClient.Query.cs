using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Google;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>What a query was billed for, also when it failed or was given up.</summary>
internal sealed class QueryCost
{
    /// <summary>Bytes; 0 when it was not run; null when that is not known: it was sent, and nothing was heard of its end.</summary>
    public long? Billed { get; set; } = 0;
}

/// <summary>Queries whose rows are wanted.</summary>
internal sealed partial class BigQueryClient
{
    // How long one call waits for the result before it says "not yet"; BigQuery's own default.
    private const int LongestWaitMs = 10_000;

    // How long the first call waits: until it answers, nobody knows which job could be cancelled.
    private const int FirstWaitMs = 1_000;

    /// <summary>Runs a query and gives its rows to <paramref name="add"/>, page by page, to the end.</summary>
    /// <exception cref="GoogleApiException">The query failed, did not end in time, or not all rows came: those added count for nothing.</exception>
    public async Task QueryAsync(
        string sql, IReadOnlyList<QueryParameter> parameters, string purpose, Action<TableRow> add, long maximumBytesBilled, QueryCost cost,
        CancellationToken cancellationToken)
    {
        var answer = await StartAsync(sql, parameters, purpose, maximumBytesBilled, cost, cancellationToken);
        var job = answer.JobReference;
        var billed = answer.TotalBytesBilled;
        if (!answer.JobComplete) answer = await CompleteAsync(job!, cancellationToken);

        var processed = answer.TotalBytesProcessed ?? 0;
        billed ??= answer.TotalBytesBilled ?? BilledFor(processed, answer.CacheHit == true);
        cost.Billed = billed;
        _metrics.Add(purpose, processed, billed.Value);
        LogQuery(purpose, job?.JobId ?? "", processed, billed.Value);

        var expected = answer.TotalRows;
        var count = 0L;
        while (true)
        {
            foreach (var row in answer.Rows ?? [])
            {
                add(row);
                count++;
            }
            if (answer.PageToken is not { } page) break;
            answer = await NextAsync(job!, page, cancellationToken);
        }
        // Never a part of an answer: a page that came empty is noticed.
        if (expected is not null && expected != count) throw new GoogleApiException(GoogleReasons.Connection);
    }

    /// <summary>The first page of a job that was not done when it was asked for; a job that is waited for no longer is cancelled.</summary>
    private async Task<QueryAnswer> CompleteAsync(JobReference job, CancellationToken cancellationToken)
    {
        var deadline = _time.GetUtcNow() + TimeSpan.FromMilliseconds(_options.TimeoutMs);
        try
        {
            while (_time.GetUtcNow() < deadline)
            {
                var answer = await NextAsync(job, page: null, cancellationToken);
                if (answer.JobComplete) return answer;
                // A service that answers at once instead of waiting must not be asked in a tight loop.
                await Task.Delay(TimeSpan.FromMilliseconds(200), _time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Not waited for: whoever asks next must not wait for the end of this.
            _ = CancelAsync(job);
            throw;
        }
        throw await TimedOutAsync(job);
    }

    private async Task<QueryAnswer> StartAsync(
        string sql, IReadOnlyList<QueryParameter> parameters, string purpose, long maximumBytesBilled, QueryCost cost,
        CancellationToken cancellationToken)
    {
        var request = new QueryRequest
        {
            Query = sql,
            QueryParameters = parameters,
            MaximumBytesBilled = maximumBytesBilled > 0 ? maximumBytesBilled : null,
            TimeoutMs = Math.Min(_options.TimeoutMs, FirstWaitMs),
            Location = _options.Location,
            Labels = Labels(purpose),
            RequestId = Guid.NewGuid().ToString("N"),
        };
        return await _http.RetryAsync(
            async token =>
            {
                var before = cost.Billed;
                cost.Billed = null;
                try
                {
                    return await PostOnceAsync(
                        $"{_project}/queries", request, BigQueryJson.Default.QueryRequest, BigQueryJson.Default.QueryAnswer, token);
                }
                catch (GoogleApiException error) when (error.Status != 0)
                {
                    // An answer that was lost is asked for under the same id, or the query would run and be billed twice. After a failure
                    // that was told, the same id would get the same failure again.
                    request = request with { RequestId = Guid.NewGuid().ToString("N") };
                    cost.Billed = 0;
                    throw;
                }
                catch (GoogleApiException error) when (!error.WasSent)
                {
                    cost.Billed = before;
                    throw;
                }
            },
            cancellationToken);
    }

    private Task<QueryAnswer> NextAsync(JobReference job, string? page, CancellationToken cancellationToken) => GetAsync(
        $"{_project}/queries/{Uri.EscapeDataString(job.JobId)}?timeoutMs={LongestWaitMs}"
            + (job.Location is null ? "" : $"&location={Uri.EscapeDataString(job.Location)}")
            + (page is null ? "" : $"&pageToken={Uri.EscapeDataString(page)}"),
        BigQueryJson.Default.QueryAnswer,
        cancellationToken);

    private async Task<GoogleApiException> TimedOutAsync(JobReference job)
    {
        await CancelAsync(job);
        return new GoogleApiException(GoogleReasons.TimedOut);
    }

    // The job would run on and be billed; a failure to cancel it changes nothing for the caller.
    private async Task CancelAsync(JobReference job)
    {
        try
        {
            await _http.SendOnceAsync(
                () => new(HttpMethod.Post, $"{_project}/jobs/{Uri.EscapeDataString(job.JobId)}/cancel{(job.Location is null ? "" : $"?location={Uri.EscapeDataString(job.Location)}")}"),
                (_, _) => Task.FromResult(true),
                CancellationToken.None);
        }
        catch (Exception failed) when (failed is GoogleApiException or ObjectDisposedException)
        {
        }
    }

    private Dictionary<string, string> Labels(string purpose) => new(_options.Labels, StringComparer.Ordinal) { ["purpose"] = purpose };

    // On demand: whole MiB, at least 10 MiB. Older answers have no figure of their own.
    private static long BilledFor(long processed, bool fromCache)
    {
        const long mib = 1 << 20;
        return fromCache || processed == 0 ? 0 : Math.Max(10 * mib, (processed + mib - 1) / mib * mib);
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Information,
        Message = "BigQuery {Purpose}: job {Job} read {Processed} bytes, billed {Billed}")]
    private partial void LogQuery(string purpose, string job, long processed, long billed);
}
