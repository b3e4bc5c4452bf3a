using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Issues the bearer tokens.</summary>
internal sealed class AccessTokens(TokenKey key, IOptions<SecurityOptions> options, TimeProvider time)
{
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly SigningCredentials _credentials = new(key.Key, SecurityAlgorithms.HmacSha256);

    public TokenAnswer Issue(User user)
    {
        var lifetime = TimeSpan.FromMinutes(options.Value.TokenMinutes);
        var now = time.GetUtcNow().UtcDateTime;
        var token = _handler.CreateToken(new SecurityTokenDescriptor
        {
            IssuedAt = now,
            Expires = now + lifetime,
            SigningCredentials = _credentials,
            Claims = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                [SignInClaims.Name] = user.Name,
                [SignInClaims.Role] = user.Roles.ToArray(),
                [SignInClaims.Stamp] = user.Stamp,
                [JwtRegisteredClaimNames.Jti] = Guid.NewGuid().ToString("n"),
            },
        });
        return new TokenAnswer(token, "bearer", (int)lifetime.TotalSeconds);
    }
}
