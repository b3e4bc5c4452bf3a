using System.Text.Json.Nodes;

namespace TransactionPipeline.KubernetesStandIn.Http;

/// <summary>What clients ask before they ask for objects: versions, groups, resources, and the OpenAPI that says what PATCH takes.</summary>
internal sealed class Discovery(ObjectApi objects)
{
    private static readonly string[] Verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    /// <returns>Null for addresses that are none of discovery's.</returns>
    public JsonObject? Answer(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["version"] => new JsonObject { ["major"] = "1", ["minor"] = "34", ["gitVersion"] = "v1.34.0-standin", ["platform"] = "linux/amd64" },
            ["api"] => new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1"), ["serverAddressByClientCIDRs"] = new JsonArray() },
            ["apis"] => new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. Groups().Select(Group)]) },
            ["api", var version] => Resources("", version),
            ["apis", var group] => Groups().Contains(group, StringComparer.Ordinal) ? Group(group) : null,
            ["apis", var group, var version] => Resources(group, version),
            ["openapi", "v3"] => OpenApiIndex(),
            ["openapi", "v3", "api", var version] => OpenApi("", version),
            ["openapi", "v3", "apis", var group, var version] => OpenApi(group, version),
            _ => null,
        };
    }

    private IEnumerable<string> Groups() => objects.Definitions.Select(one => one.Group).Where(group => group.Length > 0).Distinct(StringComparer.Ordinal);

    private JsonObject Group(string group)
    {
        var versions = objects.Definitions.Where(one => string.Equals(one.Group, group, StringComparison.Ordinal)).Select(one => one.Version).Distinct(StringComparer.Ordinal)
            .Select(version => new JsonObject { ["groupVersion"] = $"{group}/{version}", ["version"] = version }).ToArray();
        return new JsonObject
        {
            ["kind"] = "APIGroup",
            ["apiVersion"] = "v1",
            ["name"] = group,
            ["versions"] = new JsonArray([.. versions]),
            ["preferredVersion"] = versions[0].DeepClone(),
        };
    }

    private List<ResourceDefinition> Of(string group, string version) => objects.Definitions
        .Where(one => string.Equals(one.Group, group, StringComparison.Ordinal) && string.Equals(one.Version, version, StringComparison.Ordinal)).ToList();

    private JsonObject? Resources(string group, string version)
    {
        var definitions = Of(group, version);
        if (definitions.Count == 0) return null;
        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = definitions[0].GroupVersion,
            ["resources"] = new JsonArray([.. definitions.Select(one => new JsonObject
            {
                ["name"] = one.Plural,
                ["singularName"] = one.Singular,
                ["namespaced"] = one.Namespaced,
                ["kind"] = one.Kind,
                ["verbs"] = Strings(Verbs),
                ["shortNames"] = Strings(one.ShortNames),
            })]),
        };
    }

    private JsonObject OpenApiIndex()
    {
        var paths = new JsonObject();
        foreach (var version in objects.Definitions.Select(one => one.GroupVersion).Distinct(StringComparer.Ordinal))
        {
            var path = version.Contains('/', StringComparison.Ordinal) ? $"apis/{version}" : $"api/{version}";
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash=standin" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    // kubectl apply looks here whether PATCH knows fieldValidation; then the server checks fields and kubectl doesn't.
    private JsonObject? OpenApi(string group, string version)
    {
        var definitions = Of(group, version);
        if (definitions.Count == 0) return null;
        var paths = new JsonObject();
        var schemas = new JsonObject();
        foreach (var one in definitions)
        {
            var root = one.Group.Length == 0 ? $"/api/{one.Version}" : $"/apis/{one.GroupVersion}";
            JsonObject Kind() => new() { ["group"] = one.Group, ["version"] = one.Version, ["kind"] = one.Kind };
            paths[$"{root}/{(one.Namespaced ? "namespaces/{namespace}/" : "")}{one.Plural}/{{name}}"] = new JsonObject
            {
                ["patch"] = new JsonObject
                {
                    ["parameters"] = new JsonArray([.. new[] { "dryRun", "fieldManager", "fieldValidation", "force" }.Select(name => new JsonObject
                    {
                        ["name"] = name, ["in"] = "query", ["schema"] = new JsonObject { ["type"] = "string" },
                    })]),
                    ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
                    ["x-kubernetes-action"] = "patch",
                    ["x-kubernetes-group-version-kind"] = Kind(),
                },
            };
            var schema = one.Schema?.DeepClone().AsObject() ?? new JsonObject { ["type"] = "object" };
            schema["x-kubernetes-group-version-kind"] = new JsonArray(Kind());
            schemas[$"{one.Group}.{one.Version}.{one.Kind}"] = schema;
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.34.0" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(value => JsonValue.Create(value))]);
}
