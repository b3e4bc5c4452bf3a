using System.Text.Json.Serialization;

namespace TransactionPipeline.Web.SignIn;

/// <summary>What <c>POST /token</c> answers (RFC 6749, 5.1).</summary>
/// <param name="AccessToken">To be sent as <c>Authorization: Bearer ...</c>.</param>
/// <param name="TokenType">Always <c>bearer</c>.</param>
/// <param name="ExpiresIn">Seconds from now.</param>
public sealed record TokenAnswer(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("expires_in")] int ExpiresIn);
