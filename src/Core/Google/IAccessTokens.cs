namespace TransactionPipeline.Core.Google;

/// <summary>Gives the bearer token of a call to Google; null when the endpoint wants none.</summary>
public interface IAccessTokens
{
    /// <summary>A token that is valid now. Renewed by the implementation when it runs out.</summary>
    /// <exception cref="GoogleApiException">None could be had.</exception>
    ValueTask<string?> GetAsync(CancellationToken cancellationToken);
}

/// <summary>No token: a custom endpoint without sign-in.</summary>
public sealed class NoAccessTokens : IAccessTokens
{
    /// <inheritdoc/>
    public ValueTask<string?> GetAsync(CancellationToken cancellationToken) => new((string?)null);
}
