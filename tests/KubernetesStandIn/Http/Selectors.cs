using System.Text.Json.Nodes;

namespace TransactionPipeline.KubernetesStandIn.Http;

/// <summary>labelSelector by equality and existence, fieldSelector by name and namespace.</summary>
internal sealed class Selectors(IQueryCollection query)
{
    private readonly string[] _labels = Terms(query["labelSelector"].ToString());
    private readonly string[] _fields = Terms(query["fieldSelector"].ToString());

    public bool Match(JsonObject item)
    {
        var metadata = item["metadata"]!.AsObject();
        return _labels.All(term => Holds(term, metadata["labels"] as JsonObject ?? []))
            && _fields.All(term => term.Split('=', 2) is [var field, var value] && field is "metadata.name" or "metadata.namespace"
                ? string.Equals(metadata[field["metadata.".Length..]]?.GetValue<string>(), value.TrimStart('='), StringComparison.Ordinal)
                : throw ApiException.BadRequest($"field label not supported: {term}"));
    }

    private static bool Holds(string term, JsonObject labels)
    {
        if (term.Split("!=", 2) is [var not, var other]) return !string.Equals(labels[not]?.GetValue<string>(), other, StringComparison.Ordinal);
        if (term.Split('=', 2) is [var name, var value]) return string.Equals(labels[name]?.GetValue<string>(), value.TrimStart('='), StringComparison.Ordinal);
        if (term.Contains(' ', StringComparison.Ordinal)) throw ApiException.BadRequest($"this server does not know the selector '{term}'");
        return term.StartsWith('!') ? !labels.ContainsKey(term[1..]) : labels.ContainsKey(term);
    }

    private static string[] Terms(string selector) => selector.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
