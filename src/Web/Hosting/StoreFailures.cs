using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Web.Hosting;

/// <summary>What endpoints that write answer when a store fails: 503 in the store's own words, which are safe to show.</summary>
internal static class StoreFailures
{
    public const string RetryAfterSeconds = "30";

    public static TBuilder ExplainStoreFailures<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (invocation, next) =>
        {
            try
            {
                return await next(invocation);
            }
            catch (Exception failed) when (failed is MartException or StoreException)
            {
                invocation.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
                return TypedResults.Problem(failed.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        });
}
