using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.SignIn;

/// <summary>The dashboard's sign-in: <c>GET</c> and <c>POST /login</c>, <c>POST /logout</c>.</summary>
internal static partial class LoginPages
{
    public const string Path = "/login";
    public const string ReturnUrl = "return_url";
    private const string Home = "/";

    public static void MapLogin(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("").ForPeople().ExcludeFromDescription();
        pages.MapGet(Path, Show).AllowAnonymous();
        pages.MapPost(Path, SignInAsync).AllowAnonymous().RequireValidForm();
        pages.MapPost("/logout", SignOutAsync).AllowAnonymous().RequireValidForm();
    }

    private static IResult Show(HttpContext context, LoginPage page, [FromQuery(Name = ReturnUrl)] string? returnUrl) =>
        page.Render(context, LocalOrHome(returnUrl));

    private static async Task<IResult> SignInAsync(
        HttpContext context, PasswordSignIn signIn, LoginPage page, CancellationToken cancellationToken)
    {
        var form = await SignInForm.ReadAsync(context.Request, cancellationToken);
        var returnUrl = LocalOrHome(form.ReturnUrl);
        if (form.Problem is { } problem)
            return page.Render(context, returnUrl, form.UserName, problem, StatusCodes.Status422UnprocessableEntity);

        var outcome = await signIn.TryAsync(form.UserName, form.Password, context.Connection.RemoteIpAddress, cancellationToken);
        if (outcome.User is not { } user)
        {
            if (outcome.IsThrottled) context.Response.Headers.RetryAfter = $"{outcome.WaitSeconds}";
            return page.Render(context, returnUrl, form.UserName, outcome.Detail,
                outcome.IsThrottled ? StatusCodes.Status429TooManyRequests : StatusCodes.Status401Unauthorized);
        }

        const string Scheme = CookieAuthenticationDefaults.AuthenticationScheme;
        await context.SignInAsync(Scheme, SignInClaims.PrincipalOf(user, Scheme));
        return TypedResults.LocalRedirect(returnUrl);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, ILogger<LoginPage> logger)
    {
        if (context.User.Identity?.Name is { } name) LogSignedOut(logger, name);
        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return TypedResults.LocalRedirect(Path);
    }

    private static string LocalOrHome(string? url) =>
        url is not null && RedirectHttpResult.IsLocalUrl(url) && !url.StartsWith('~') ? url : Home;

    private static RouteHandlerBuilder RequireValidForm(this RouteHandlerBuilder route) => route
        .WithMetadata(new RequireAntiforgeryTokenAttribute(), new RequestSizeLimitAttribute(SignInForm.MaxBytes))
        .AddEndpointFilter(static async (call, next) =>
            call.HttpContext.Features.Get<IAntiforgeryValidationFeature>() is { IsValid: true }
                ? await next(call)
                : TypedResults.Problem("The form is too old or comes from elsewhere; load the page again and send it once more.",
                    statusCode: StatusCodes.Status400BadRequest));

    [LoggerMessage(LogLevel.Information, "User {User} logged out")]
    private static partial void LogSignedOut(ILogger logger, string user);
}
