namespace TransactionPipeline.Web.Hosting;

/// <summary>The headers that tell a browser what not to do with an answer.</summary>
public static class SecurityHeaders
{
    private const string PagePolicy =
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>No guessing of content types anywhere; on HTML pages no script, no frame, nothing from another host.</summary>
    /// <remarks>A page that needs another policy (the API's documentation) sets its own Content-Security-Policy, which stays.</remarks>
    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        context.Response.OnStarting(static state => Apply((HttpResponse)state), context.Response);
        return next(context);
    });

    private static Task Apply(HttpResponse response)
    {
        response.Headers.XContentTypeOptions = "nosniff";
        if (response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true)
        {
            if (response.Headers.ContentSecurityPolicy.Count == 0) response.Headers.ContentSecurityPolicy = PagePolicy;
            response.Headers["Referrer-Policy"] = "same-origin";
        }
        return Task.CompletedTask;
    }
}
