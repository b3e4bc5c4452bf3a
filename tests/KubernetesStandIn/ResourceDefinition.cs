using System.Text.Json.Nodes;

namespace TransactionPipeline.KubernetesStandIn;

/// <summary>One kind that the server serves.</summary>
public sealed record ResourceDefinition(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    public static readonly ResourceDefinition Namespaces = new("", "v1", "namespaces", "Namespace", Namespaced: false);

    public static readonly ResourceDefinition Crds =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false)
        { Singular = "customresourcedefinition", ShortNames = ["crd", "crds"] };

    public string Singular { get; init; } = Kind.ToLowerInvariant();

    public string ListKind { get; init; } = Kind + "List";

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public JsonObject? Schema { get; init; }

    public string GroupVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public string QualifiedPlural => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>The kinds that a CustomResourceDefinition brings, one for each served version.</summary>
    public static IEnumerable<ResourceDefinition> Of(JsonObject crd)
    {
        var spec = crd["spec"]!;
        var names = spec["names"]!;
        foreach (var version in spec["versions"]!.AsArray())
        {
            if (version!["served"]?.GetValue<bool>() != true) continue;
            yield return new ResourceDefinition(
                spec["group"]!.GetValue<string>(),
                version["name"]!.GetValue<string>(),
                names["plural"]!.GetValue<string>(),
                names["kind"]!.GetValue<string>(),
                string.Equals(spec["scope"]!.GetValue<string>(), "Namespaced", StringComparison.Ordinal))
            {
                Singular = names["singular"]?.GetValue<string>() ?? names["kind"]!.GetValue<string>().ToLowerInvariant(),
                ListKind = names["listKind"]?.GetValue<string>() ?? names["kind"]!.GetValue<string>() + "List",
                ShortNames = names["shortNames"]?.AsArray().Select(name => name!.GetValue<string>()).ToArray() ?? [],
                Schema = version["schema"]?["openAPIV3Schema"]?.AsObject(),
            };
        }
    }
}
