using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Archive;

/// <summary>What Cloud Storage's errors mean to a person: no host, no token, nothing of Google's own text.</summary>
internal static class ArchiveErrors
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

    private static MartException ToMartException(GoogleApiException error) => (error.Reason, error.Status) switch
    {
        _ when error.IsTransient => new MartException(
            "The archive (Cloud Storage) does not answer or is overloaded. Try again in a minute.", MartFailure.Transient, error)
        {
            RetryAfter = error.RetryAfter,
        },
        (GoogleReasons.NoCredentials, _) or (_, 401) => new MartException(
            "The archive (Cloud Storage) refused the credentials. Check google:credentials_file or the service account.", cause: error),
        (_, 403) => new MartException(
            "The service account may not write the archive. Grant it the role Storage Object User on the bucket data_lake:gcs_bucket.", cause: error),
        (_, 404) => new MartException(
            "The archive's bucket or object does not exist. Check data_lake:gcs_bucket, or upload the file again.", cause: error),
        _ => new MartException("The archive (Cloud Storage) refused the request. The server's log has the reason.", cause: error),
    };
}
