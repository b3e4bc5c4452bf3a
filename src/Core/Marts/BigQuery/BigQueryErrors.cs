using TransactionPipeline.Core.Google;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>What BigQuery's errors mean to a person, by reason: no host, no SQL, no token, nothing of Google's own text.</summary>
internal static class BigQueryErrors
{
    public static async Task<T> ToMartExceptionsAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (GoogleApiException error)
        {
            throw ToMartException(error);
        }
    }

    public static MartException ToMartException(GoogleApiException error) => error.IsTransient
        ? new MartException(Passing(error), MartFailure.Transient, error) { RetryAfter = error.RetryAfter }
        : new MartException(Lasting(error), MartFailure.Failed, error);

    private static string Passing(GoogleApiException error) => error.Reason switch
    {
        _ when error.Status == 429 => RateLimit,
        "rateLimitExceeded" or "userRateLimitExceeded" or "jobRateLimitExceeded" => RateLimit,
        "quotaExceeded" => "BigQuery's quota of the project is used up. Try again later, or raise the quota in the project's settings.",
        GoogleReasons.TimedOut => "BigQuery did not answer in time. Try again, or raise bigquery:timeout_ms.",
        GoogleReasons.Connection => "BigQuery cannot be reached, or its answer broke off. Try again; check the network if it stays so.",
        GoogleReasons.ConcurrentUpdate => "Another load or transform changed the same rows of BigQuery. Try again.",
        _ => "BigQuery has a passing fault. Try again in a minute.",
    };

    private static string Lasting(GoogleApiException error) => error.Reason switch
    {
        GoogleReasons.BytesBilledLimitExceeded =>
            "The query would read more than bigquery:maximum_bytes_billed allows, so it was not run and nothing was billed. "
            + "Raise the cap, or partition and cluster the mart's table.",
        GoogleReasons.ResponseTooLarge => "The answer is larger than BigQuery gives back. Ask for a longer product prefix.",
        GoogleReasons.NotFound =>
            "A dataset, table or job of BigQuery does not exist. Check data_warehouse and data_mart, or run the pipeline once to make them.",
        GoogleReasons.InvalidQuery =>
            "BigQuery refused the query: the mart's table lacks a column or has another type than expected. The server's log has the reason.",
        GoogleReasons.NoCredentials => NoCredentials,
        GoogleReasons.Stopped => "The work in BigQuery was cancelled by someone. Run it again.",
        "invalid" => "BigQuery could not read the batch or take a setting. The server's log has the reason.",
        _ when error.Status == 401 => NoCredentials,
        _ when error.Status == 403 || error.Reason == "accessDenied" =>
            "The service account may not do this in BigQuery. Grant it BigQuery Job User on the project and BigQuery Data Editor on both datasets.",
        _ => "BigQuery refused the request. The server's log has the reason.",
    };

    private const string RateLimit = "BigQuery's rate limit is reached. Try again in a minute.";

    private const string NoCredentials =
        "Google refused the credentials, or none are there. Check google:credentials_file, GOOGLE_APPLICATION_CREDENTIALS or workload identity.";
}
