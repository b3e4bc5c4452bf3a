namespace TransactionPipeline.Core.Google;

/// <summary>The <c>reason</c> of Google's errors, and this side's own for what never became an answer.</summary>
public static class GoogleReasons
{
    internal const string NoCredentials = "noCredentials";
    internal const string Connection = "connection";
    internal const string TimedOut = "timedOut";
    internal const string NotFound = "notFound";
    internal const string Duplicate = "duplicate";
    internal const string InvalidQuery = "invalidQuery";
    internal const string BytesBilledLimitExceeded = "bytesBilledLimitExceeded";
    internal const string ResponseTooLarge = "responseTooLarge";
    internal const string Stopped = "stopped";

    /// <summary>Another transaction changed the same rows; Google reports it as an invalid query.</summary>
    internal const string ConcurrentUpdate = "concurrentUpdate";

    /// <summary>May work when asked again: after Google's table of errors.</summary>
    internal static bool IsTransient(string reason, int status) => reason switch
    {
        "rateLimitExceeded" or "userRateLimitExceeded" or "backendError" or "quotaExceeded" or "jobRateLimitExceeded" or "internalError"
            or "jobBackendError" or "jobInternalError" or "tableUnavailable" or Connection or TimedOut or ConcurrentUpdate => true,
        InvalidQuery or "accessDenied" or NotFound or BytesBilledLimitExceeded or ResponseTooLarge or NoCredentials or Duplicate => false,
        _ => status is 408 or 429 or >= 500,
    };
}
