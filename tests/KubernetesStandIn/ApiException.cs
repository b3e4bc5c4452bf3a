using System.Text.Json.Nodes;

namespace TransactionPipeline.KubernetesStandIn;

/// <summary>A refusal in the API's own words: an HTTP code and a Status object.</summary>
public sealed class ApiException(int code, string reason, string message) : Exception(message)
{
    public int Code { get; } = code;

    public string Reason { get; } = reason;

    public string? Kind { get; init; }

    public string? Name { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Each field at fault as "path: why"; clients print these and not the message.</summary>
    public IReadOnlyList<string> Causes { get; init; } = [];

    public static ApiException NotFound(ResourceDefinition resource, string name) =>
        new(404, "NotFound", $"{resource.QualifiedPlural} \"{name}\" not found") { Kind = resource.Plural, Name = name };

    public static ApiException Exists(ResourceDefinition resource, string name) =>
        new(409, "AlreadyExists", $"{resource.QualifiedPlural} \"{name}\" already exists") { Kind = resource.Plural, Name = name };

    public static ApiException Conflict(ResourceDefinition resource, string name) =>
        new(
            409,
            "Conflict",
            $"Operation cannot be fulfilled on {resource.QualifiedPlural} \"{name}\": the object has been modified; please apply your changes to the latest version and try again")
        { Kind = resource.Plural, Name = name };

    public static ApiException Invalid(ResourceDefinition resource, string name, params IReadOnlyList<string> causes) =>
        new(422, "Invalid", $"{resource.Kind}.{resource.Group} \"{name}\" is invalid: {string.Join("; ", causes)}") { Kind = resource.Kind, Name = name, Causes = causes };

    public static ApiException BadRequest(string why) => new(400, "BadRequest", why);

    public static ApiException Expired() =>
        new(410, "Expired", "The provided continue parameter or resource version is too old: the server has compacted it.");

    public JsonObject ToStatus()
    {
        var details = new JsonObject();
        if (Name is not null) details["name"] = Name;
        if (Kind is not null) details["kind"] = Kind;
        if (RetryAfter is { } wait) details["retryAfterSeconds"] = (int)Math.Ceiling(wait.TotalSeconds);
        if (Causes.Count > 0) details["causes"] = new JsonArray([.. Causes.Select(ToCause)]);
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
            ["code"] = Code,
        };
        if (details.Count > 0) status["details"] = details;
        return status;
    }

    private static JsonObject ToCause(string cause)
    {
        var parts = cause.Split(": ", 2);
        return new JsonObject { ["reason"] = "FieldValueInvalid", ["field"] = parts[0], ["message"] = parts[^1] };
    }
}
