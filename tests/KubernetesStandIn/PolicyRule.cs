namespace TransactionPipeline.KubernetesStandIn;

/// <summary>One rule of a Role. No resource names means any.</summary>
public sealed record PolicyRule(IReadOnlyList<string> ApiGroups, IReadOnlyList<string> Resources, IReadOnlyList<string> Verbs, IReadOnlyList<string> ResourceNames)
{
    public bool Allows(ApiCall call)
    {
        var resource = call.Subresource.Length == 0 ? call.Resource : $"{call.Resource}/{call.Subresource}";
        return ApiGroups.Contains(call.Group, StringComparer.Ordinal)
            && Resources.Contains(resource, StringComparer.Ordinal)
            && Verbs.Contains(call.Verb, StringComparer.Ordinal)
            // The server doesn't look into a body to authorize, so a create has no name yet.
            && (ResourceNames.Count == 0 || (call.Verb is not "create" && ResourceNames.Contains(call.Name, StringComparer.Ordinal)));
    }
}
