using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace TransactionPipeline.Web.Hosting;

/// <summary>Which errors a person reads: those of pages, in a browser. They are words with ways out, not a problem document.</summary>
internal static class PagesForPeople
{
    private static readonly object Mark = new();

    /// <summary>Marks endpoints that answer pages.</summary>
    public static TBuilder ForPeople<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata(Mark);

    /// <summary>Whether the request is for such a page and wants HTML.</summary>
    public static bool IsForPeople(HttpContext context)
    {
        // The handler of exceptions takes the endpoint away and keeps it here.
        var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        return endpoint?.Metadata.Contains(Mark) == true
            && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>An error as a page.</summary>
internal interface IErrorPage
{
    /// <summary>The page that says what <paramref name="problem"/> says, with its status.</summary>
    IResult Render(HttpContext context, ProblemDetails problem);
}
