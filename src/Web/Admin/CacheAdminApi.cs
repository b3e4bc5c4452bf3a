using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Sales;

namespace TransactionPipeline.Web.Admin;

/// <summary>What the cache holds, for operators: list, refresh, drop.</summary>
internal static class CacheAdminApi
{
    /// <summary>Maps <c>/admin/cache</c>.</summary>
    public static IEndpointRouteBuilder MapCacheAdmin(this IEndpointRouteBuilder routes)
    {
        var cache = routes.MapGroup("/admin/cache").WithTags("Cache").RequireAuthorization(Roles.Operator);
        cache.MapGet("", (IKeyOwner owner, TimeProvider time) => owner.List().Select(key => HeldKey.Of(key, time.GetUtcNow())))
            .WithSummary("The keys held by the process that answers, with age, hits, size and owner");
        cache.MapPost("/refresh", RefreshAsync).WithSummary("Checks a key with its mart and answers when that is done");
        cache.MapDelete("", DropAsync).WithSummary("Drops a key's snapshot; the next question queries the mart");
        return routes;
    }

    private static async Task<IResult> RefreshAsync(string key, IKeyOwner owner, CancellationToken cancellationToken)
    {
        if (TryParse(key, out var problem) is not { } parsed) return problem!;
        var answer = await owner.GetAsync(parsed, CacheDemand.Check, cancellationToken);
        return TypedResults.Json(new
        {
            key,
            result = CacheHeaders.Word(answer.Result),
            version = answer.Snapshot.Version,
            checked_at = answer.Snapshot.CheckedAt,
            error = answer.Error,
        });
    }

    private static async Task<IResult> DropAsync(string key, IKeyOwner owner, CancellationToken cancellationToken)
    {
        if (TryParse(key, out var problem) is not { } parsed) return problem!;
        try
        {
            return await owner.DropAsync(parsed, cancellationToken)
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
            SalesParameters.ReadPrefix("key", parsed.Prefix, errors);
            if (!errors.Any) return parsed;
            problem = TypedResults.Problem(errors.ToProblem());
        }
        catch (FormatException)
        {
            problem = TypedResults.Problem(
                "key: must be mart/YYYY-MM/prefix, such as warehouse/2023-10/Halal.", statusCode: StatusCodes.Status422UnprocessableEntity);
        }
        return null;
    }

    /// <summary>One key as JSON.</summary>
    private sealed record HeldKey(
        string key, long version, int rows, long size_bytes, DateTimeOffset? data_as_of, double? age_seconds, long hits,
        DateTimeOffset last_asked_at, string owner)
    {
        public static HeldKey Of(KeyStatus key, DateTimeOffset now) => new(
            key.Key.ToString(), key.Version, key.Rows, key.SizeInBytes, key.DataAsOf,
            key.CheckedAt is { } checkedAt ? Math.Round((now - checkedAt).TotalSeconds, 3) : null, key.Hits, key.LastAskedAt, key.Owner);
    }
}
