using System.Security.Claims;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>The claims of a signed-in user, alike in tokens and cookies.</summary>
internal static class SignInClaims
{
    public const string Name = "sub";
    public const string Role = "roles";
    public const string Stamp = "stamp";

    public static ClaimsPrincipal PrincipalOf(User user, string scheme)
    {
        var identity = new ClaimsIdentity(scheme, Name, Role);
        identity.AddClaim(new Claim(Name, user.Name));
        identity.AddClaim(new Claim(Stamp, user.Stamp));
        foreach (var role in user.Roles) identity.AddClaim(new Claim(Role, role));
        return new ClaimsPrincipal(identity);
    }
}
