using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Pipeline;

/// <summary><c>/pipeline/runs</c>: start transform_sales_mart and follow it.</summary>
internal static class PipelineApi
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    public static void MapPipeline(this IEndpointRouteBuilder routes)
    {
        var runs = routes.MapGroup("/pipeline/runs").WithTags("Pipeline").AddEndpointFilter<RouteGroupBuilder, PipelineCallLog>().ExplainStoreFailures()
            .RequireAuthorization(policy => policy.RequireRole(Roles.Operator));

        runs.MapPost("/", StartAsync).WithName("StartRun").WithSummary("Start load, transform and export")
            .Produces<RunAnswer>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .DisableAntiforgery();

        runs.MapGet("/", ListAsync).WithName("ListRuns").WithSummary("The run history, newest first; a page's Link names the next")
            .Produces<RunAnswer[]>()
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);

        runs.MapGet("/{id}", FindAsync).WithName("GetRun").WithSummary("How a run stands")
            .Produces<RunAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> StartAsync(HttpContext context, PipelineRunner pipeline, CancellationToken cancellationToken)
    {
        var run = await pipeline.TryStartAsync("api", fireTime: null, cancellationToken);
        if (run is null)
            return TypedResults.Problem(
                "A run is at work already; follow it at /pipeline/runs and start another when it is done.",
                statusCode: StatusCodes.Status409Conflict);
        context.Features.Set(new PipelineCall(Run: run.Id));
        context.Response.Headers.Location = $"/pipeline/runs/{run.Id}";
        return TypedResults.Json(RunAnswer.Of(run), SnakeCase.Json, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, IRunStore runs, CancellationToken cancellationToken, int limit = DefaultLimit, string? cursor = null)
    {
        if (limit is < 1 or > MaxLimit)
            return TypedResults.Problem($"limit must be 1 to {MaxLimit}.", statusCode: StatusCodes.Status422UnprocessableEntity);
        // One more than asked for tells whether there is a next page.
        var found = await runs.ListAsync(cursor, limit + 1, cancellationToken);
        if (found.Count > limit)
            context.Response.Headers.Link = $"</pipeline/runs?limit={limit}&cursor={found[limit - 1].Id}>; rel=\"next\"";
        return TypedResults.Json(found.Take(limit).Select(RunAnswer.Of), SnakeCase.Json);
    }

    private static async Task<IResult> FindAsync(string id, IRunStore runs, CancellationToken cancellationToken) =>
        await runs.FindAsync(id, cancellationToken) is { } run
            ? TypedResults.Json(RunAnswer.Of(run), SnakeCase.Json)
            : TypedResults.Problem("There is no run of this id; GET /pipeline/runs lists them.", statusCode: StatusCodes.Status404NotFound);
}
