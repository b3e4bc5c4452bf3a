namespace TransactionPipeline.Web.Dashboard;

/// <summary>An HTML answer that loads nothing but its own assets and is never kept by a shared cache.</summary>
/// <param name="html">The page.</param>
/// <param name="statusCode">200 unless something is wrong.</param>
public sealed class HtmlPage(string html, int statusCode = StatusCodes.Status200OK) : IResult
{
    // No script, no inline style, no frame, no form to elsewhere: what an attacker might inject has nowhere to run or to report to.
    private const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = statusCode;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync(html, httpContext.RequestAborted);
    }
}
