using Microsoft.AspNetCore.Mvc;

namespace TransactionPipeline.Web.SignIn;

/// <summary><c>POST /token</c>: OAuth2's password grant (RFC 6749, 4.3).</summary>
internal static class TokenApi
{
    public static void MapToken(this IEndpointRouteBuilder routes) => routes.MapPost("/token", SignInAsync)
        .WithName("GetToken").WithTags("Sign-in").WithSummary("A bearer token for a name and a password")
        .Accepts<TokenForm>("application/x-www-form-urlencoded", "multipart/form-data")
        .Produces<TokenAnswer>()
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .ProducesProblem(StatusCodes.Status429TooManyRequests)
        .WithMetadata(new RequestSizeLimitAttribute(SignInForm.MaxBytes))
        .AllowAnonymous();

    private static async Task<IResult> SignInAsync(
        HttpContext context, PasswordSignIn signIn, AccessTokens tokens, CancellationToken cancellationToken)
    {
        context.Response.Headers.CacheControl = "no-store";
        var form = await SignInForm.ReadAsync(context.Request, cancellationToken);
        if (form.Problem is { } problem) return TypedResults.Problem(problem, statusCode: StatusCodes.Status422UnprocessableEntity);

        var outcome = await signIn.TryAsync(form.UserName, form.Password, context.Connection.RemoteIpAddress, cancellationToken);
        if (outcome.User is { } user) return TypedResults.Ok(tokens.Issue(user));

        if (outcome.IsThrottled) context.Response.Headers.RetryAfter = $"{outcome.WaitSeconds}";
        else context.Response.Headers.WWWAuthenticate = "Bearer";
        return TypedResults.Problem(outcome.Detail, statusCode: outcome.IsThrottled
            ? StatusCodes.Status429TooManyRequests
            : StatusCodes.Status401Unauthorized);
    }

    // For the API's description only.
    private sealed record TokenForm(string username, string password, string? grant_type);
}
