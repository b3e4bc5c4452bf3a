namespace TransactionPipeline.Web.Dashboard;

/// <summary>A page made for one visitor: no cache keeps it, so that nobody steps back into it after signing out.</summary>
/// <param name="html">The page.</param>
/// <param name="statusCode">200 unless something is wrong.</param>
public sealed class HtmlPage(string html, int statusCode = StatusCodes.Status200OK) : IResult
{
    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = statusCode;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync(html, httpContext.RequestAborted);
    }
}
