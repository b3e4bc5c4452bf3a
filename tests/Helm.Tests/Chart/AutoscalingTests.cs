using System.Text.Json.Nodes;
using TransactionPipeline.Helm.Tests.StandIn;
using TransactionPipeline.KubernetesStandIn;

namespace TransactionPipeline.Helm.Tests.Chart;

/// <summary>Autoscaling turned on while pods run, with the cluster at hand as <c>helm upgrade</c> has it.</summary>
public sealed class AutoscalingTests : StandInTests
{
    [Fact]
    public async Task Replicas_TurnedOnInALiveRelease_StayAsTheyAre()
    {
        string[] autoscaled = ["--set", "autoscaling.enabled=true"];
        var rendered = Manifests.Parse((await HelmChart.TemplateAsync(autoscaled)).Succeed());
        foreach (var (version, kind) in rendered.Select(one => (one["apiVersion"]!.GetValue<string>(), one.Kind())).Distinct())
            Server.Add(Definition(version, kind));
        var live = rendered.Only("Deployment");
        Assert.Null(live["spec"]!["replicas"]);
        live["metadata"]!["namespace"] = HelmChart.Namespace;
        live["metadata"]!["annotations"] = new JsonObject
        {
            ["meta.helm.sh/release-name"] = "pipeline",
            ["meta.helm.sh/release-namespace"] = HelmChart.Namespace,
        };
        live["spec"]!["replicas"] = 5;
        Server.Add(live.DeepClone().AsObject());

        var upgraded = Manifests.Parse((await Tool.RunAsync(
            "helm",
            [
                "template", "pipeline", Repository.Chart, "--namespace", HelmChart.Namespace,
                "--dry-run=server", "--disable-openapi-validation", .. autoscaled,
            ],
            Environment)).Succeed());

        Assert.Equal(5, upgraded.Only("Deployment")["spec"]!["replicas"]!.GetValue<int>());
    }

    /// <summary>The stand-in serves what CRDs define, so the kinds of Kubernetes itself are defined to it as one.</summary>
    private static JsonObject Definition(string version, string kind)
    {
        var plural = kind.ToLowerInvariant() + "s";
        var group = version.Contains('/', StringComparison.Ordinal) ? version.Split('/')[0] : "";
        return Assert.Single(Manifests.Parse($$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: {{plural}}.{{(group.Length > 0 ? group : "core")}} }
            spec:
              group: "{{group}}"
              scope: Namespaced
              names: {kind: {{kind}}, plural: {{plural}}, singular: {{kind.ToLowerInvariant()}} }
              versions:
                - name: {{version.Split('/')[^1]}}
                  served: true
                  storage: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec: {type: object, properties: {replicas: {type: integer} } }
            """));
    }
}
