using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Google;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>Jobs with ids of our own: a repeat after a crash finds the job that is under way instead of starting another.</summary>
internal sealed partial class BigQueryClient
{
    private const int MostJobAttempts = 4;

    /// <summary>
    /// Runs the job <paramref name="id"/>-1, or waits for it when it is there already; one that failed, or whose result
    /// <paramref name="isDone"/> does not find, is run again as -2, and so on.
    /// </summary>
    /// <exception cref="GoogleApiException">The job failed for good, or as often as it is tried.</exception>
    public async Task<JobReference> RunJobAsync(
        string id, string purpose, JobConfiguration configuration, Func<Task<bool>> isDone, CancellationToken cancellationToken)
    {
        var deadline = _time.GetUtcNow() + TimeSpan.FromMilliseconds(_options.PipelineTimeoutMs);
        var failures = 0;
        for (var attempt = 1; ; attempt++)
        {
            var reference = new JobReference(Tables.Project, $"{id}-{attempt}", _options.Location);
            var (job, isNew) = await InsertAsync(new NewJob(reference, configuration with { Labels = Labels(purpose) }), cancellationToken);
            job = await WaitAsync(reference, job, deadline, cancellationToken);
            if (job.Status?.ErrorResult is not { } error)
            {
                if (isNew) Count(purpose, reference, job);
                if (isNew || await isDone()) return reference;
                continue;
            }
            // The failure of an earlier run says nothing about this one.
            if (!isNew) continue;
            var failed = ToException(error);
            LogJobFailed(purpose, reference.JobId, failed.Reason);
            LogJobDetails(failed.Details);
            if (!failed.IsTransient || ++failures == MostJobAttempts) throw failed;
            await Task.Delay(TimeSpan.FromSeconds(Math.Pow(2, failures - 1) * (0.5 + Random.Shared.NextDouble())), _time, cancellationToken);
        }
    }

    private async Task<(JobResource Job, bool IsNew)> InsertAsync(NewJob job, CancellationToken cancellationToken)
    {
        try
        {
            return (await PostAsync($"{_project}/jobs", job, BigQueryJson.Default.NewJob, BigQueryJson.Default.JobResource, cancellationToken), true);
        }
        catch (GoogleApiException error) when (error.Status == 409)
        {
            return (await GetJobAsync(job.JobReference, cancellationToken), false);
        }
    }

    private async Task<JobResource> WaitAsync(JobReference reference, JobResource job, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        for (var wait = TimeSpan.FromMilliseconds(250); job.Status?.State != "DONE"; wait = Min(wait * 2, TimeSpan.FromSeconds(5)))
        {
            if (_time.GetUtcNow() >= deadline) throw await TimedOutAsync(reference);
            await Task.Delay(wait, _time, cancellationToken);
            job = await GetJobAsync(reference, cancellationToken);
        }
        return job;
    }

    private Task<JobResource> GetJobAsync(JobReference job, CancellationToken cancellationToken) => GetAsync(
        $"{_project}/jobs/{Uri.EscapeDataString(job.JobId)}?location={Uri.EscapeDataString(_options.Location)}", BigQueryJson.Default.JobResource, cancellationToken);

    private void Count(string purpose, JobReference reference, JobResource job)
    {
        var query = job.Statistics?.Query;
        var processed = query?.TotalBytesProcessed ?? 0;
        var billed = query?.TotalBytesBilled ?? 0;
        _metrics.Add(purpose, processed, billed);
        LogQuery(purpose, reference.JobId, processed, billed);
    }

    // "Transaction is aborted due to concurrent update" and its like come as invalidQuery, though they pass.
    private static GoogleApiException ToException(GoogleErrorItem error) =>
        error.Message?.Contains("concurrent update", StringComparison.OrdinalIgnoreCase) == true
            ? new GoogleApiException(GoogleReasons.ConcurrentUpdate, details: error.Message)
            : new GoogleApiException(error.Reason ?? "unknown", details: error.Message ?? "");

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(EventId = 11, Level = LogLevel.Warning,
        Message = "BigQuery {Purpose}: job {Job} failed: {Reason}")]
    private partial void LogJobFailed(string purpose, string job, string reason);

    [LoggerMessage(EventId = 12, Level = LogLevel.Debug, Message = "BigQuery says: {Details}")]
    private partial void LogJobDetails(string details);
}
