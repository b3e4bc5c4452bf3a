namespace TransactionPipeline.Silo.Membership;

/// <summary>What Kubernetes tells every pod about itself.</summary>
internal static class PodEnvironment
{
    public static Uri? ApiServer
    {
        get
        {
            var host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
            var port = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
            if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port)) return null;
            // On an IPv6 cluster the host comes without the brackets that an address needs.
            return new Uri(host.Contains(':', StringComparison.Ordinal) ? $"https://[{host}]:{port}" : $"https://{host}:{port}");
        }
    }

    public static string? Namespace(KubernetesMembershipOptions options)
    {
        if (!string.IsNullOrWhiteSpace(options.Namespace)) return options.Namespace;
        var file = Path.Combine(options.ServiceAccountDirectory, "namespace");
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }
}
