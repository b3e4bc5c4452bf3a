using System.Globalization;

namespace TransactionPipeline.Web.Pipeline;

/// <summary>Logs who called what of uploads and runs, what came of it and how long it took, as the sales calls do.</summary>
internal sealed partial class PipelineCallLog(TimeProvider time, ILogger<PipelineCallLog> logger) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var began = time.GetTimestamp();
        var status = "broken off";
        try
        {
            var result = await next(context);
            status = ((result as IStatusCodeHttpResult)?.StatusCode ?? StatusCodes.Status200OK).ToString(CultureInfo.InvariantCulture);
            return result;
        }
        finally
        {
            var http = context.HttpContext;
            var call = http.Features.Get<PipelineCall>() ?? new PipelineCall();
            LogCall(
                http.User.Identity?.Name, http.Request.Method, http.Request.Path, status, call.Batch, call.Accepted, call.Rejected, call.Run,
                time.GetElapsedTime(began).TotalSeconds);
        }
    }

    [LoggerMessage(1, LogLevel.Information,
        "User {User} called {Method} {Path}: {Status} (batch={Batch}, accepted={Accepted}, rejected={Rejected}, run={Run}); "
        + "API response time: {Seconds:F2} seconds")]
    private partial void LogCall(
        string? user, string method, PathString path, string status, string? batch, long? accepted, long? rejected, string? run, double seconds);
}

/// <summary>What a call did, for the log; each is null when it did nothing of the kind.</summary>
/// <param name="Batch">The batch that came in.</param>
/// <param name="Accepted">Its good lines.</param>
/// <param name="Rejected">Its other lines.</param>
/// <param name="Run">The run that was started.</param>
internal sealed record PipelineCall(string? Batch = null, long? Accepted = null, long? Rejected = null, string? Run = null);
