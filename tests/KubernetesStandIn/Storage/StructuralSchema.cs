using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace TransactionPipeline.KubernetesStandIn.Storage;

/// <summary>What the API server does with a CRD's schema: drops fields that it doesn't know and refuses values that it doesn't allow.</summary>
public static class StructuralSchema
{
    /// <summary>Drops unknown fields in place.</summary>
    /// <returns>The paths of the dropped fields and the reasons against the rest.</returns>
    public static (IReadOnlyList<string> Unknown, IReadOnlyList<string> Errors) Apply(JsonObject value, JsonObject schema)
    {
        var unknown = new List<string>();
        var errors = new List<string>();
        // The root's apiVersion, kind and metadata are the server's own and always allowed.
        var properties = schema["properties"] as JsonObject ?? [];
        foreach (var (name, child) in value.ToArray())
        {
            if (name is "apiVersion" or "kind" or "metadata") continue;
            if (properties[name] is JsonObject known) Visit(child, known, name, unknown, errors);
            else Drop(value, name, name, unknown);
        }

        Required(value, schema, "", errors);
        return (unknown, errors);
    }

    private static void Visit(JsonNode? value, JsonObject schema, string path, List<string> unknown, List<string> errors)
    {
        var type = schema["type"]?.GetValue<string>();
        if (value is null)
        {
            if (schema["nullable"]?.GetValue<bool>() != true) errors.Add($"{path}: Invalid value: \"null\": must be of type {type}");
            return;
        }

        if (!HasType(value, type))
        {
            errors.Add($"{path}: Invalid value: \"{value.GetValueKind()}\": {path} in body must be of type {type}");
            return;
        }

        switch (value)
        {
            case JsonObject map:
                VisitObject(map, schema, path, unknown, errors);
                break;
            case JsonArray list:
                VisitList(list, schema, path, unknown, errors);
                break;
            default:
                VisitScalar(value, schema, path, errors);
                break;
        }
    }

    private static void VisitObject(JsonObject map, JsonObject schema, string path, List<string> unknown, List<string> errors)
    {
        var properties = schema["properties"] as JsonObject;
        var rest = schema["additionalProperties"] as JsonObject;
        foreach (var (name, child) in map.ToArray())
        {
            if (properties?[name] is JsonObject known) Visit(child, known, $"{path}.{name}", unknown, errors);
            else if (rest is not null) Visit(child, rest, $"{path}.{name}", unknown, errors);
            else if (schema["x-kubernetes-preserve-unknown-fields"]?.GetValue<bool>() != true) Drop(map, name, $"{path}.{name}", unknown);
        }

        Required(map, schema, path + ".", errors);
    }

    private static void VisitList(JsonArray list, JsonObject schema, string path, List<string> unknown, List<string> errors)
    {
        if (schema["maxItems"] is { } most && list.Count > most.GetValue<int>()) errors.Add($"{path}: Too many: {list.Count}: must have at most {most} items");
        if (schema["items"] is not JsonObject items) return;
        var keys = schema["x-kubernetes-list-map-keys"]?.AsArray().Select(key => key!.GetValue<string>()).ToArray();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            Visit(list[i], items, $"{path}[{i}]", unknown, errors);
            if (keys is null || list[i] is not JsonObject item) continue;
            if (!seen.Add(string.Join('\n', keys.Select(key => item[key]?.ToJsonString() ?? "")))) errors.Add($"{path}[{i}]: Duplicate value");
        }
    }

    private static void VisitScalar(JsonNode value, JsonObject schema, string path, List<string> errors)
    {
        if (schema["enum"] is JsonArray allowed && !allowed.Any(one => JsonNode.DeepEquals(one, value)))
            errors.Add($"{path}: Unsupported value: {value.ToJsonString()}: supported values: {allowed.ToJsonString()}");
        if (schema["minimum"] is { } least && value.GetValueKind() == JsonValueKind.Number && Number(value) < Number(least))
            errors.Add($"{path}: Invalid value: {value}: should be greater than or equal to {least}");
        if (schema["maximum"] is { } greatest && value.GetValueKind() == JsonValueKind.Number && Number(value) > Number(greatest))
            errors.Add($"{path}: Invalid value: {value}: should be less than or equal to {greatest}");
        if (value.GetValueKind() != JsonValueKind.String) return;

        var text = value.GetValue<string>();
        if (schema["pattern"] is { } pattern && !Regex.IsMatch(text, pattern.GetValue<string>(), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)))
            errors.Add($"{path}: Invalid value: \"{text}\": should match '{pattern}'");
        if (schema["maxLength"] is { } longest && text.Length > longest.GetValue<int>()) errors.Add($"{path}: Too long: may not be more than {longest} bytes");
        if (string.Equals(schema["format"]?.GetValue<string>(), "date-time", StringComparison.Ordinal)
            && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _))
            errors.Add($"{path}: Invalid value: \"{text}\": must be of type date-time");
    }

    private static bool HasType(JsonNode value, string? type) => (type, value.GetValueKind()) switch
    {
        (null, _) => true,
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) or ("number", JsonValueKind.Number) => true,
        ("integer", JsonValueKind.Number) => decimal.IsInteger(Number(value)),
        _ => false,
    };

    private static decimal Number(JsonNode value) => decimal.Parse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static void Required(JsonObject map, JsonObject schema, string prefix, List<string> errors)
    {
        foreach (var name in schema["required"]?.AsArray().Select(name => name!.GetValue<string>()) ?? [])
        {
            if (!map.ContainsKey(name)) errors.Add($"{prefix}{name}: Required value");
        }
    }

    private static void Drop(JsonObject map, string name, string path, List<string> unknown)
    {
        map.Remove(name);
        unknown.Add(path);
    }
}
