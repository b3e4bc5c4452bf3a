using Microsoft.AspNetCore.Antiforgery;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>The hidden field of the form that signs out, on every page.</summary>
internal static class SignOutForm
{
    /// <summary>Null for who has nothing to sign out of: nobody, or a caller with a bearer token.</summary>
    public static FormToken? For(HttpContext context, IAntiforgery antiforgery)
    {
        if (context.User.Identity is not { IsAuthenticated: true } || context.Request.Headers.Authorization.Count > 0) return null;
        var tokens = antiforgery.GetAndStoreTokens(context);
        return tokens.RequestToken is { } token ? new FormToken(tokens.FormFieldName, token) : null;
    }
}
