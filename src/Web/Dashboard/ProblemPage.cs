using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>Renders <c>templates/problem.hbs</c>: an error of a page, in words, with ways out.</summary>
internal sealed class ProblemPage(IAntiforgery antiforgery, ITemplateStore templates) : IErrorPage
{
    public IResult Render(HttpContext context, ProblemDetails problem)
    {
        var status = problem.Status!.Value;
        var html = templates.Render("problem", new
        {
            UserName = context.User.Identity?.Name,
            SignOut = SignOutForm.For(context, antiforgery),
            Heading = HeadingOf(status),
            problem.Detail,
            Links = LinksOf(status),
        });
        return new HtmlPage(html, status);
    }

    private static string HeadingOf(int status) => status switch
    {
        400 => "The form was not accepted",
        403 => "This page is not for your user",
        >= 500 => "The page cannot be shown at the moment",
        _ => "The page cannot be shown",
    };

    private static PageLink[] LinksOf(int status) => status == 403
        ? [new("Sign in as someone else", "/login")]
        : [new("Sign in", "/login"), new("Dashboard", "/")];
}
