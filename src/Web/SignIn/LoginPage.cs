using Microsoft.AspNetCore.Antiforgery;
using TransactionPipeline.Web.Dashboard;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Renders <c>templates/login.hbs</c>.</summary>
internal sealed class LoginPage(IAntiforgery antiforgery, ITemplateStore templates)
{
    public IResult Render(
        HttpContext context, string returnUrl, string? userName = null, string? error = null, int status = StatusCodes.Status200OK)
    {
        // Also forbids storing the page: the token in it is this visitor's.
        var tokens = antiforgery.GetAndStoreTokens(context);
        var html = templates.Render("login", new
        {
            token_field = tokens.FormFieldName,
            token = tokens.RequestToken,
            return_url = returnUrl,
            user_name = userName,
            error,
        });
        return new HtmlPage(html, status);
    }
}
