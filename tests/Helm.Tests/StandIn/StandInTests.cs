using TransactionPipeline.Helm.Tests.Chart;
using TransactionPipeline.KubernetesStandIn;

namespace TransactionPipeline.Helm.Tests.StandIn;

/// <summary>A stand-in with the chart's CRDs, and a kubeconfig that leads to it.</summary>
public abstract class StandInTests : IAsyncLifetime
{
    private readonly string _home = Directory.CreateTempSubdirectory("kube-").FullName;

    private protected KubernetesStandInServer Server { get; private set; } = null!;

    private protected Dictionary<string, string> Environment { get; private set; } = null!;

    protected virtual bool WithCrds => true;

    public async Task InitializeAsync()
    {
        Server = await KubernetesStandInServer.StartAsync(new StandInOptions
        {
            Namespaces = [HelmChart.Namespace],
            Manifests = WithCrds ? [Crds] : [],
        });
        var config = Path.Combine(_home, "config");
        await File.WriteAllTextAsync(config, $$"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: standin
              cluster: {server: "{{Server.Address}}", insecure-skip-tls-verify: true}
            users:
            - name: nobody
              user: {}
            contexts:
            - name: standin
              context: {cluster: standin, user: nobody, namespace: {{HelmChart.Namespace}} }
            current-context: standin
            """);
        Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["KUBECONFIG"] = config, ["HOME"] = _home };
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    private protected static string Crds => Path.Combine(Repository.Chart, "crds");

    private protected string WriteFile(string name, string text)
    {
        var file = Path.Combine(_home, name);
        File.WriteAllText(file, text);
        return file;
    }

    private protected string WriteTable(int version, string silos = "[]") => WriteFile($"table-{version}.yaml", $$"""
        apiVersion: transaction-pipeline.io/v1
        kind: SiloMembership
        metadata: {name: demo}
        spec: {version: {{version}}, silos: {{silos}} }
        """);

    private protected Task<ToolResult> KubectlAsync(params string[] arguments) => Tool.RunAsync("kubectl", arguments, Environment);
}
