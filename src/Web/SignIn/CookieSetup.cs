using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>How the dashboard's cookie is made and checked.</summary>
internal sealed class CookieSetup(UserSessions sessions, IOptions<SecurityOptions> security, TimeProvider time)
    : IConfigureNamedOptions<CookieAuthenticationOptions>
{
    public void Configure(CookieAuthenticationOptions options) => Configure(CookieAuthenticationDefaults.AuthenticationScheme, options);

    public void Configure(string? name, CookieAuthenticationOptions options)
    {
        if (name != CookieAuthenticationDefaults.AuthenticationScheme) return;
        options.TimeProvider = time;
        options.Cookie.Name = "transaction_pipeline";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = TimeSpan.FromMinutes(security.Value.TokenMinutes);
        // Who goes on working is not thrown out in the middle; a token's user gets the next token from /token.
        options.SlidingExpiration = true;
        options.LoginPath = LoginPages.Path;
        options.ReturnUrlParameter = LoginPages.ReturnUrl;
        options.Events = new CookieAuthenticationEvents
        {
            OnValidatePrincipal = CheckUserAsync,
            OnRedirectToLogin = RedirectBrowsers,
            OnRedirectToAccessDenied = Forbid,
        };
    }

    private async Task CheckUserAsync(CookieValidatePrincipalContext context)
    {
        if (await sessions.IsCurrentAsync(context.Principal)) return;
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(context.Scheme.Name);
    }

    private static Task RedirectBrowsers(RedirectContext<CookieAuthenticationOptions> context)
    {
        // A browser that asks for a page gets the form; a program gets an answer that it can tell from success.
        if (context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Redirect(context.RedirectUri);
            return Task.CompletedTask;
        }
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }

    private static Task Forbid(RedirectContext<CookieAuthenticationOptions> context)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
