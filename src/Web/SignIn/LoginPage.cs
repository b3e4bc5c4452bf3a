using System.Text;
using HandlebarsDotNet;
using Microsoft.AspNetCore.Antiforgery;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Renders <c>templates/login.hbs</c>.</summary>
internal sealed class LoginPage(IAntiforgery antiforgery, IHostEnvironment environment)
{
    private readonly Lazy<HandlebarsTemplate<object, object>> _template = new(() => Handlebars.Create().Compile(
        File.ReadAllText(PipelineConfiguration.ResolveFile("templates/login.hbs", environment.ContentRootPath))));

    public IResult Render(
        HttpContext context, string returnUrl, string? userName = null, string? error = null, int status = StatusCodes.Status200OK)
    {
        // Also forbids storing the page: the token in it is this visitor's.
        var tokens = antiforgery.GetAndStoreTokens(context);
        var html = _template.Value(new
        {
            token_field = tokens.FormFieldName,
            token = tokens.RequestToken,
            return_url = returnUrl,
            user_name = userName,
            error,
        });
        return TypedResults.Text(html, "text/html; charset=utf-8", Encoding.UTF8, status);
    }
}
