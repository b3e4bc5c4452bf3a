namespace TransactionPipeline.KubernetesStandIn.Http;

/// <summary>The parts of /api/v1/... and /apis/GROUP/VERSION/... addresses.</summary>
internal sealed record ApiPath(string Group, string Version, string? Namespace, string Plural, string Name, string Subresource)
{
    /// <returns>Null for addresses that name no resource.</returns>
    public static ApiPath? Parse(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string group, version;
        string[] rest;
        switch (parts)
        {
            case ["api", var core, .. var tail] when tail.Length > 0:
                (group, version, rest) = ("", core, tail);
                break;
            case ["apis", var named, var of, .. var tail] when tail.Length > 0:
                (group, version, rest) = (named, of, tail);
                break;
            default:
                return null;
        }

        // /namespaces/NAME is the namespace itself, /namespaces/NAME/PLURAL something in it.
        string? ns = null;
        if (rest.Length > 2 && rest[0] is "namespaces")
        {
            ns = rest[1];
            rest = rest[2..];
        }

        return rest.Length > 3
            ? null
            : new ApiPath(group, version, ns, rest[0], rest.Length > 1 ? rest[1] : "", rest.Length > 2 ? rest[2] : "");
    }
}
