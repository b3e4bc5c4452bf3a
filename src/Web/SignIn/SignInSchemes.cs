using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Which of bearer and cookie speaks for a request.</summary>
internal static class SignInSchemes
{
    /// <summary>The cookie scheme when it is the cookie's turn; null for bearer, which is the default scheme itself.</summary>
    /// <remarks>
    /// A cookie is sent by the browser whoever made the page, so it counts only where that does no harm: for reading, and on forms
    /// that carry an antiforgery token. Everything else that changes something needs a token.
    /// </remarks>
    public static string? Choose(HttpContext context)
    {
        if (context.Request.Headers.Authorization.Count > 0) return null;
        var harmless = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) ||
            context.GetEndpoint()?.Metadata.GetMetadata<IAntiforgeryMetadata>() is { RequiresValidation: true };
        return harmless ? CookieAuthenticationDefaults.AuthenticationScheme : null;
    }
}
