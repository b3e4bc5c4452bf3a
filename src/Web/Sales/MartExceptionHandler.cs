using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Web.Sales;

/// <summary>What a failing mart or store, a missing column or an empty cache mean in HTTP.</summary>
internal sealed class MartExceptionHandler(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var problem = exception switch
        {
            MartException { Failure: MartFailure.Unavailable } busy => Problem(503, $"Query error: {busy.Message}"),
            MartException failed => Problem(500, $"Query error: {failed.Message}"),
            StoreException down => Problem(503, down.Message),
            MissingColumnException missing => Problem(422, missing.Message),
            NotCachedException => Problem(504, "Nothing suitable is cached; ask without only-if-cached."),
            _ => null,
        };
        if (problem is null || httpContext.Response.HasStarted) return false;

        if (problem.Status == 503)
            httpContext.Response.Headers.RetryAfter = $"{Math.Ceiling(((exception as MartException)?.RetryAfter ?? DefaultRetryAfter).TotalSeconds)}";
        httpContext.Response.StatusCode = problem.Status!.Value;
        return await problems.TryWriteAsync(new() { HttpContext = httpContext, ProblemDetails = problem });
    }

    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromSeconds(30);

    private static ProblemDetails Problem(int status, string detail) => new() { Status = status, Detail = detail };
}
