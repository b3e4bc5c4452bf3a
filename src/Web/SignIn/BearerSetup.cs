using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.SignIn;

/// <summary>How bearer tokens are checked.</summary>
internal sealed class BearerSetup(TokenKey key, UserSessions sessions, TimeProvider time) : IConfigureNamedOptions<JwtBearerOptions>
{
    /// <summary>How far the clocks of two replicas may differ.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(10);

    public void Configure(JwtBearerOptions options) => Configure(JwtBearerDefaults.AuthenticationScheme, options);

    public void Configure(string? name, JwtBearerOptions options)
    {
        if (name != JwtBearerDefaults.AuthenticationScheme) return;
        options.MapInboundClaims = false;
        options.SaveToken = false;
        options.TokenHandlers.Clear();
        options.TokenHandlers.Add(new CachingTokenHandler(time) { MapInboundClaims = false });
        options.TokenValidationParameters = new TokenValidationParameters
        {
            IssuerSigningKey = key.Key,
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            // One issuer and one audience, both this app: the key says it all.
            ValidateIssuer = false,
            ValidateAudience = false,
            LifetimeValidator = IsAlive,
            NameClaimType = SignInClaims.Name,
            RoleClaimType = SignInClaims.Role,
        };
        options.ForwardDefaultSelector = SignInSchemes.Choose;
        options.Events = new JwtBearerEvents { OnTokenValidated = CheckUserAsync, OnChallenge = Explain };
    }

    // In place of the library's own, which reads the machine's clock.
    private bool IsAlive(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        if (expires is null) throw new SecurityTokenNoExpirationException("The token has no expiry time.");
        var now = time.GetUtcNow().UtcDateTime;
        if (now >= expires.Value + ClockSkew) throw new SecurityTokenExpiredException("The token has expired.") { Expires = expires.Value };
        return notBefore is null || now >= notBefore.Value - ClockSkew;
    }

    private Task CheckUserAsync(TokenValidatedContext context)
    {
        var current = sessions.IsCurrentAsync(context.Principal);
        if (current is { IsCompletedSuccessfully: true, Result: true }) return Task.CompletedTask;
        return AwaitAsync(context, current);

        static async Task AwaitAsync(TokenValidatedContext context, ValueTask<bool> current)
        {
            if (!await current) context.Fail(new SessionEndedException());
        }
    }

    private static Task Explain(JwtBearerChallengeContext context)
    {
        Problems.Explain(context.HttpContext, context.AuthenticateFailure switch
        {
            null => null,
            SecurityTokenExpiredException => "The token has expired: get a new one from POST /token.",
            SessionEndedException => "The token counts no more, its user has changed or is disabled: get a new one from POST /token.",
            _ => "The token is not valid: get one from POST /token and send it as 'Authorization: Bearer TOKEN'.",
        });
        return Task.CompletedTask;
    }

    private sealed class SessionEndedException() : Exception("The user has changed or is disabled.");
}
