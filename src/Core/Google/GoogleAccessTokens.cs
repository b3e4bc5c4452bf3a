using Google.Apis.Auth.OAuth2;

namespace TransactionPipeline.Core.Google;

/// <summary>
/// Tokens of Google's own library: a key file, workload identity federation, or application default credentials. The library caches a
/// token and renews it in time.
/// </summary>
/// <param name="credentialsFile">The file; blank for application default credentials.</param>
public sealed class GoogleAccessTokens(string credentialsFile) : IAccessTokens
{
    private static readonly string[] Scopes =
    [
        "https://www.googleapis.com/auth/bigquery",
        "https://www.googleapis.com/auth/devstorage.read_write",
    ];

    private volatile ITokenAccess? _credential;

    /// <inheritdoc/>
    public async ValueTask<string?> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Two first callers may both read the file; one of the two equal results stays.
            _credential ??= await ReadAsync(cancellationToken);
            return await _credential.GetAccessTokenForRequestAsync(cancellationToken: cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new GoogleApiException(error is HttpRequestException ? GoogleReasons.Connection : GoogleReasons.NoCredentials, cause: error)
            {
                WasSent = false,
            };
        }
    }

    private async Task<ITokenAccess> ReadAsync(CancellationToken cancellationToken)
    {
        var credential = credentialsFile.Length == 0
            ? await GoogleCredential.GetApplicationDefaultAsync(cancellationToken)
            : await ReadFileAsync(cancellationToken);
        return credential.CreateScoped(Scopes);
    }

    // The factory wants the kind named, so that a file of another kind than meant is refused; here every kind that Google knows will do.
    private async Task<GoogleCredential> ReadFileAsync(CancellationToken cancellationToken)
    {
        using var json = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(credentialsFile, cancellationToken));
        var type = json.RootElement.GetProperty("type").GetString() ?? "";
        return await CredentialFactory.FromFileAsync(credentialsFile, type, cancellationToken);
    }
}
