using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace TransactionPipeline.GoogleStandIn;

/// <summary>The name of an API method (<c>bigquery.jobs.query</c>) on its endpoint: for faults and the log.</summary>
internal sealed record ApiName(string Name);

/// <summary>Google's JSON answers.</summary>
internal static class Wire
{
    public static IResult Json(JsonNode body, int status = 200) => Results.Text(body.ToJsonString(), "application/json", statusCode: status);

    public static IResult Error(int status, string reason, string message) => Json(ErrorBody(status, reason, message), status);

    public static IResult Error(string reason, string message) => Error(StatusOf(reason), reason, message);

    public static JsonObject ErrorBody(int status, string reason, string message) => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = status,
            ["message"] = message,
            ["errors"] = new JsonArray(new JsonObject { ["message"] = message, ["domain"] = "global", ["reason"] = reason }),
            ["status"] = status switch { 401 => "UNAUTHENTICATED", 403 => "PERMISSION_DENIED", 404 => "NOT_FOUND", 409 => "ALREADY_EXISTS", 429 => "RESOURCE_EXHAUSTED", < 500 => "INVALID_ARGUMENT", _ => "INTERNAL" },
        },
    };

    /// <summary>The HTTP code that goes with a reason, after Google's table of errors.</summary>
    public static int StatusOf(string reason) => reason switch
    {
        "notFound" => 404,
        "duplicate" or "conflict" => 409,
        "accessDenied" or "rateLimitExceeded" or "quotaExceeded" or "responseTooLarge" => 403,
        "authError" => 401,
        "conditionNotMet" => 412,
        "internalError" => 500,
        "backendError" => 503,
        _ => 400,
    };

    public static async Task<JsonObject> ReadAsync(HttpRequest request)
    {
        var body = await JsonNode.ParseAsync(request.Body);
        return body?.AsObject() ?? [];
    }

    public static string? Query(this HttpRequest request, string name) => request.Query[name].FirstOrDefault();

    public static int? QueryNumber(this HttpRequest request, string name) =>
        int.TryParse(request.Query(name), out var number) ? number : null;
}
