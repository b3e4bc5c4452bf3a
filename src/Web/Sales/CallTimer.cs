using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Web.Sales;

/// <summary>
/// Logs what each call gave and how long it took, whatever came of it. One event a call: at tens of thousands of cached answers a second
/// the log is the most expensive part of an answer.
/// </summary>
internal sealed partial class CallTimer(TimeProvider time, ILogger<CallTimer> logger) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var began = time.GetTimestamp();
        try
        {
            return await next(context);
        }
        finally
        {
            var http = context.HttpContext;
            var seconds = time.GetElapsedTime(began).TotalSeconds;
            if (http.Features.Get<RetrievedRows>() is { } gave)
            {
                LogRetrieved(
                    http.User.Identity?.Name, gave.Rows, gave.Kind, gave.Prefix, gave.Month, gave.Cache, gave.Version,
                    http.Request.QueryString.Value, seconds);
            }
            else
            {
                LogResponseTime(seconds, http.User.Identity?.Name, http.Request.Path, http.Request.QueryString.Value);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information,
        "User {User} retrieved {Rows} {Kind}sales summaries (product_prefix={Prefix}, sale_month={Month}, cache={Cache}, version={Version}, "
        + "query={Query}); API response time: {Seconds:F2} seconds")]
    private partial void LogRetrieved(
        string? user, int rows, string kind, string prefix, string month, string cache, SnapshotVersion version, string? query, double seconds);

    [LoggerMessage(2, LogLevel.Information, "API response time: {Seconds:F2} seconds (user={User}, path={Path}, query={Query})")]
    private partial void LogResponseTime(double seconds, string? user, PathString path, string? query);
}
