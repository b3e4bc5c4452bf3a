using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using TransactionPipeline.KubernetesStandIn;

namespace TransactionPipeline.Helm.Tests.Chart;

/// <summary>The chart as helm renders it.</summary>
internal static class HelmChart
{
    public const string Namespace = "data-pipeline";

    private static readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyList<JsonObject>>>> Rendered = new(StringComparer.Ordinal);

    public static IEnumerable<string> ValuesFiles => Directory.GetFiles(Path.Combine(Repository.Chart, "ci"), "*-values.yaml").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal);

    /// <summary>The objects for one of the values files in ci/. Each is rendered once.</summary>
    public static Task<IReadOnlyList<JsonObject>> RenderAsync(string valuesFile) =>
        Rendered.GetOrAdd(valuesFile, file => new(async () => Manifests.Parse((await TemplateAsync("--values", Path.Combine(Repository.Chart, "ci", file))).Succeed()))).Value;

    public static Task<ToolResult> TemplateAsync(params string[] arguments) =>
        Tool.RunAsync("helm", ["template", "pipeline", Repository.Chart, "--namespace", Namespace, .. arguments]);

    public static string Kind(this JsonObject one) => one["kind"]!.GetValue<string>();

    public static string Name(this JsonObject one) => one["metadata"]!["name"]!.GetValue<string>();

    public static JsonObject Only(this IEnumerable<JsonObject> objects, string kind) => Assert.Single(objects, one => string.Equals(one.Kind(), kind, StringComparison.Ordinal));

    public static IEnumerable<JsonObject> Of(this IEnumerable<JsonObject> objects, string kind) => objects.Where(one => string.Equals(one.Kind(), kind, StringComparison.Ordinal));

    /// <summary>Every pod that the objects make: of the Deployment, of the CronJob and of helm test.</summary>
    public static IEnumerable<(string Of, JsonObject Metadata, JsonObject Spec)> Pods(this IEnumerable<JsonObject> objects)
    {
        foreach (var one in objects)
        {
            var pod = one.Kind() switch
            {
                "Pod" => one,
                "Deployment" => one["spec"]!["template"]!.AsObject(),
                "CronJob" => one["spec"]!["jobTemplate"]!["spec"]!["template"]!.AsObject(),
                _ => null,
            };
            if (pod is not null) yield return (one.Kind(), pod["metadata"]!.AsObject(), pod["spec"]!.AsObject());
        }
    }

    public static JsonObject Container(this JsonObject podSpec) => Assert.Single(podSpec["containers"]!.AsArray())!.AsObject();

    /// <summary>All objects anywhere below that have the property.</summary>
    public static IEnumerable<JsonNode> Find(this JsonNode? node, string property) => node switch
    {
        JsonObject map => map.SelectMany(pair => (string.Equals(pair.Key, property, StringComparison.Ordinal) && pair.Value is not null ? [pair.Value] : Enumerable.Empty<JsonNode>()).Concat(Find(pair.Value, property))),
        JsonArray list => list.SelectMany(item => Find(item, property)),
        _ => [],
    };

    public static bool Matches(this JsonNode selector, JsonNode labels) =>
        selector.AsObject().Count > 0 && selector.AsObject().All(pair => JsonNode.DeepEquals(pair.Value, labels[pair.Key]));
}
