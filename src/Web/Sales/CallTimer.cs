namespace TransactionPipeline.Web.Sales;

/// <summary>Logs how long each call took, whatever came of it.</summary>
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
            LogResponseTime(time.GetElapsedTime(began).TotalSeconds, context.HttpContext.Request.Path);
        }
    }

    // The path is for the JSON format; the readable line is the seed's.
#pragma warning disable SYSLIB1015 // Argument is not referenced from the message: on purpose, see above.
    [LoggerMessage(1, LogLevel.Information, "API response time: {Seconds:F2} seconds")]
    private partial void LogResponseTime(double seconds, PathString path);
#pragma warning restore SYSLIB1015
}
