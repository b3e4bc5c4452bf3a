using System.Globalization;
using System.Text.Json.Nodes;

namespace TransactionPipeline.KubernetesStandIn.Storage;

/// <summary>The patch formats that custom resources take: RFC 7386 merge patch and RFC 6902 JSON patch.</summary>
public static class JsonPatches
{
    public static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes) return patch?.DeepClone();
        var result = target is JsonObject map ? map.DeepClone().AsObject() : [];
        foreach (var (name, value) in changes)
        {
            if (value is null) result.Remove(name);
            else result[name] = Merge(result[name], value);
        }

        return result;
    }

    public static JsonObject Apply(JsonObject target, JsonArray operations)
    {
        JsonNode root = target.DeepClone();
        foreach (var operation in operations)
        {
            var what = operation!["op"]!.GetValue<string>();
            var path = operation["path"]!.GetValue<string>().Split('/').Skip(1).Select(Unescape).ToArray();
            var value = operation["value"];
            var parent = path.SkipLast(1).Aggregate((JsonNode?)root, Step) ?? throw Missing(operation);
            switch (what)
            {
                case "add":
                    Set(parent, path[^1], value, insert: true);
                    break;
                case "replace":
                    _ = Step(parent, path[^1]) ?? throw Missing(operation);
                    Set(parent, path[^1], value, insert: false);
                    break;
                case "remove":
                    _ = Step(parent, path[^1]) ?? throw Missing(operation);
                    Remove(parent, path[^1]);
                    break;
                case "test" when JsonNode.DeepEquals(Step(parent, path[^1]), value):
                    break;
                case "test":
                    throw new ApiException(422, "Invalid", $"testing path {operation["path"]} value does not match");
                default:
                    throw ApiException.BadRequest($"JSON patch operation '{what}' is not one that this server knows");
            }
        }

        return root.AsObject();
    }

    private static ApiException Missing(JsonNode operation) => new(422, "Invalid", $"the server rejected our request: path {operation["path"]} does not exist");

    private static string Unescape(string part) =>
        part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static JsonNode? Step(JsonNode? node, string part) => node switch
    {
        JsonObject map => map[part],
        JsonArray list when int.TryParse(part, CultureInfo.InvariantCulture, out var at) && at < list.Count => list[at],
        _ => null,
    };

    private static void Set(JsonNode parent, string part, JsonNode? value, bool insert)
    {
        if (parent is JsonObject map) map[part] = value?.DeepClone();
        else if (parent is JsonArray list && part is "-") list.Add(value?.DeepClone());
        else if (parent is JsonArray other && insert) other.Insert(int.Parse(part, CultureInfo.InvariantCulture), value?.DeepClone());
        else if (parent is JsonArray same) same[int.Parse(part, CultureInfo.InvariantCulture)] = value?.DeepClone();
    }

    private static void Remove(JsonNode parent, string part)
    {
        if (parent is JsonObject map) map.Remove(part);
        else if (parent is JsonArray list) list.RemoveAt(int.Parse(part, CultureInfo.InvariantCulture));
    }
}
