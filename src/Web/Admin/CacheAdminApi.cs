using System.ComponentModel;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Sales;

namespace TransactionPipeline.Web.Admin;

/// <summary>What the cache holds, for operators: list, refresh, drop.</summary>
internal static partial class CacheAdminApi
{
    private const string KeyForm = "mart/YYYY-MM/prefix, such as warehouse/2023-10/Halal";

    /// <summary>Maps <c>/admin/cache</c>.</summary>
    public static IEndpointRouteBuilder MapCacheAdmin(this IEndpointRouteBuilder routes)
    {
        var cache = routes.MapGroup("/admin/cache").WithTags("Cache").RequireAuthorization(Roles.Operator);
        cache.MapGet("", (IKeyOwner owner, TimeProvider time) => owner.List().Select(key => HeldKey.Of(key, time.GetUtcNow())))
            .WithName("ListCache").WithSummary("The keys held by the process that answers, with age, hits, size and owner");
        cache.MapPost("/refresh", RefreshAsync)
            .WithName("RefreshCache").WithSummary("Checks a key with its mart and answers when that is done")
            .Produces<RefreshedKey>()
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status500InternalServerError)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        cache.MapDelete("", DropAsync)
            .WithName("DropCache").WithSummary("Drops a key's snapshot; the next question queries the mart")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        return routes;
    }

    private static async Task<IResult> RefreshAsync(
        [Description(KeyForm)] string key, HttpContext http, IKeyOwner owner, ILogger<KeyStatus> logger, CancellationToken cancellationToken)
    {
        if (TryParse(key, out var problem) is not { } parsed) return problem!;
        // Before it is tried: what came of it, the cache logs itself.
        LogRefreshing(logger, http.User.Identity?.Name, parsed);
        var answer = await owner.GetAsync(parsed, CacheDemand.Check, cancellationToken);
        return TypedResults.Json(new RefreshedKey(
            key, answer.Result.Word(), answer.Snapshot.Version.ToString(), answer.CheckedAt, answer.Error));
    }

    private static async Task<IResult> DropAsync(
        [Description(KeyForm)] string key, HttpContext http, IKeyOwner owner, ILogger<KeyStatus> logger, CancellationToken cancellationToken)
    {
        if (TryParse(key, out var problem) is not { } parsed) return problem!;
        try
        {
            var dropped = await owner.DropAsync(parsed, cancellationToken);
            LogDropped(logger, http.User.Identity?.Name, parsed, dropped);
            return dropped
                ? TypedResults.NoContent()
                : TypedResults.Problem("Nothing is held for this key.", statusCode: StatusCodes.Status404NotFound);
        }
        catch (DropIncompleteException incomplete)
        {
            return TypedResults.Problem(incomplete.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static QueryKey? TryParse(string key, out IResult? problem)
    {
        problem = null;
        try
        {
            var parsed = QueryKey.Parse(key);
            var errors = new ParameterErrors();
            parsed = parsed with { Prefix = SalesParameters.ReadPrefix("key", parsed.Prefix, errors) };
            if (!errors.Any) return parsed;
            problem = TypedResults.Problem(errors.ToProblem());
        }
        catch (FormatException)
        {
            problem = TypedResults.Problem(
                $"key: must be {KeyForm}.", statusCode: StatusCodes.Status422UnprocessableEntity);
        }
        return null;
    }

    [LoggerMessage(1, LogLevel.Information, "User {User} refreshes {Key} in the cache")]
    private static partial void LogRefreshing(ILogger logger, string? user, QueryKey key);

    [LoggerMessage(2, LogLevel.Information, "User {User} dropped {Key} from the cache, held before: {Held}")]
    private static partial void LogDropped(ILogger logger, string? user, QueryKey key, bool held);

    /// <summary>What a refresh came to.</summary>
    private sealed record RefreshedKey(string key, string result, string version, DateTimeOffset checked_at, string? error);

    /// <summary>One key as JSON.</summary>
    private sealed record HeldKey(
        string key, string? version, int rows, long size_bytes, DateTimeOffset? data_as_of, double? age_seconds, long hits,
        DateTimeOffset last_asked_at, string? owner)
    {
        public static HeldKey Of(KeyStatus key, DateTimeOffset now) => new(
            key.Key.ToString(), key.DataAsOf is null ? null : key.Version.ToString(), key.Rows, key.SizeInBytes, key.DataAsOf,
            key.CheckedAt is { } checkedAt ? Math.Round((now - checkedAt).TotalSeconds, 3) : null, key.Hits, key.LastAskedAt, key.Owner);
    }
}
