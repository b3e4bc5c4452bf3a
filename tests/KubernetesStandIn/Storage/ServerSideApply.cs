using System.Text.Json.Nodes;

namespace TransactionPipeline.KubernetesStandIn.Storage;

/// <summary>
/// Server-side apply as far as kubectl needs it: a manager owns the fields that it applied, loses those that it no longer applies, and
/// conflicts with another manager about a field's value unless it forces. Lists are owned whole.
/// </summary>
public static class ServerSideApply
{
    public static JsonObject Apply(ResourceDefinition resource, string name, JsonObject? before, JsonObject applied, string manager, bool force, DateTimeOffset now)
    {
        var result = before?.DeepClone().AsObject() ?? [];
        var owners = Owners(before);
        var mine = Leaves(applied, "").ToDictionary(leaf => leaf.Path, leaf => leaf.Value, StringComparer.Ordinal);
        foreach (var (other, fields) in owners.Where(pair => !string.Equals(pair.Key, manager, StringComparison.Ordinal)))
        {
            var disputed = mine.Where(leaf => fields.Contains(leaf.Key) && !JsonNode.DeepEquals(Find(result, leaf.Key), leaf.Value)).Select(leaf => leaf.Key).ToList();
            if (disputed.Count == 0) continue;
            if (!force)
            {
                throw new ApiException(409, "Conflict", $"Apply failed with {disputed.Count} conflict: conflict with \"{other}\": {string.Join(", ", disputed)}")
                { Kind = resource.Plural, Name = name };
            }

            fields.ExceptWith(disputed);
        }

        if (owners.TryGetValue(manager, out var owned))
        {
            foreach (var path in owned.Where(path => !mine.ContainsKey(path) && !owners.Any(o => !string.Equals(o.Key, manager, StringComparison.Ordinal) && o.Value.Contains(path))))
            {
                Remove(result, path);
            }
        }

        foreach (var (path, value) in mine)
        {
            Set(result, path, value);
        }

        owners[manager] = mine.Keys.ToHashSet(StringComparer.Ordinal);
        var metadata = result["metadata"] as JsonObject ?? [];
        result["metadata"] = metadata.DeepClone();
        result["metadata"]!["managedFields"] = ToManagedFields(resource, owners, before, manager, now);
        return result;
    }

    // The real format nests f:-keys; flat pointers under one key carry the same facts, and clients only hand them back.
    private static JsonArray ToManagedFields(ResourceDefinition resource, Dictionary<string, HashSet<string>> owners, JsonObject? before, string manager, DateTimeOffset now)
    {
        var entries = new JsonArray();
        foreach (var (owner, fields) in owners.Where(pair => pair.Value.Count > 0).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var old = before?["metadata"]?["managedFields"]?.AsArray().FirstOrDefault(entry => string.Equals(entry?["manager"]?.GetValue<string>(), owner, StringComparison.Ordinal));
            var flat = new JsonObject(fields.Order(StringComparer.Ordinal).Select(field => KeyValuePair.Create("f:" + field, (JsonNode?)new JsonObject())));
            var same = old is not null && JsonNode.DeepEquals(old["fieldsV1"], flat);
            entries.Add(new JsonObject
            {
                ["manager"] = owner,
                ["operation"] = "Apply",
                ["apiVersion"] = resource.GroupVersion,
                ["time"] = same || !string.Equals(owner, manager, StringComparison.Ordinal) && old is not null
                    ? old!["time"]!.GetValue<string>()
                    : now.ToString("yyyy-MM-ddTHH:mm:ssZ"),
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = flat,
            });
        }

        return entries;
    }

    private static Dictionary<string, HashSet<string>> Owners(JsonObject? before)
    {
        var owners = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var entry in before?["metadata"]?["managedFields"] as JsonArray ?? [])
        {
            if (entry?["fieldsV1"] is JsonObject fields)
                owners[entry["manager"]!.GetValue<string>()] = fields.Select(field => field.Key[2..]).ToHashSet(StringComparer.Ordinal);
        }

        return owners;
    }

    private static IEnumerable<(string Path, JsonNode? Value)> Leaves(JsonObject map, string prefix)
    {
        foreach (var (name, value) in map)
        {
            var path = $"{prefix}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
            if (path is "/apiVersion" or "/kind" or "/metadata/name" or "/metadata/namespace" or "/metadata/managedFields" or "/metadata/resourceVersion"
                or "/metadata/uid" or "/metadata/creationTimestamp" or "/metadata/generation") continue;
            if (value is JsonObject { Count: > 0 } child)
            {
                foreach (var leaf in Leaves(child, path)) yield return leaf;
            }
            else
            {
                yield return (path, value);
            }
        }
    }

    private static string[] Parts(string path) =>
        path.Split('/').Skip(1).Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();

    private static JsonNode? Find(JsonObject root, string path) => Parts(path).Aggregate((JsonNode?)root, (node, part) => (node as JsonObject)?[part]);

    private static void Set(JsonObject root, string path, JsonNode? value)
    {
        var parts = Parts(path);
        var at = root;
        foreach (var part in parts.SkipLast(1))
        {
            if (at[part] is not JsonObject child) at[part] = child = [];
            at = child;
        }

        at[parts[^1]] = value?.DeepClone();
    }

    private static void Remove(JsonObject root, string path)
    {
        var parts = Parts(path);
        if (parts.SkipLast(1).Aggregate((JsonNode?)root, (node, part) => (node as JsonObject)?[part]) is JsonObject parent) parent.Remove(parts[^1]);
    }
}
