using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Helm.Tests.Chart;

/// <summary>
/// The Role grants what the membership client calls and nothing else. The silo's tests show that <see cref="MembershipApi.Calls"/> is
/// what arrives at an API server.
/// </summary>
public sealed class RightsTests
{
    [Fact]
    public async Task Role_Rules_AreExactlyTheMembershipCalls()
    {
        var rules = (await HelmChart.RenderAsync("default-values.yaml")).Only("Role")["rules"]!.AsArray();

        var granted = rules.SelectMany(rule => rule!["resources"]!.AsArray().SelectMany(resource => rule["verbs"]!.AsArray().Select(verb => $"{resource} {verb}"))).Order(StringComparer.Ordinal);
        Assert.Equal(MembershipApi.Calls.Select(call => $"{call.Resource} {call.Verb}").Order(StringComparer.Ordinal), granted, StringComparer.Ordinal);
        Assert.All(rules, rule => Assert.Equal($"[\"{MembershipApi.Group}\"]", rule!["apiGroups"]!.ToJsonString()));
    }

    [Fact]
    public async Task Role_TableRights_AreForTheOneTable()
    {
        var objects = await HelmChart.RenderAsync("default-values.yaml");
        var rule = Assert.Single(objects.Only("Role")["rules"]!.AsArray(), rule => rule!["verbs"]!.AsArray().Any(verb => verb!.GetValue<string>() is "update"))!;

        Assert.Equal(objects.Only("ConfigMap")["data"]!["cluster__cluster_id"]!.GetValue<string>(), Assert.Single(rule["resourceNames"]!.AsArray())!.GetValue<string>());
    }

    [Fact]
    public async Task RoleBinding_Names_AreThoseOfTheRoleAndTheAccount()
    {
        var objects = await HelmChart.RenderAsync("default-values.yaml");
        var binding = objects.Only("RoleBinding");

        Assert.Equal(objects.Only("Role").Name(), binding["roleRef"]!["name"]!.GetValue<string>());
        var subject = Assert.Single(binding["subjects"]!.AsArray())!;
        Assert.Equal(objects.Only("ServiceAccount").Name(), subject["name"]!.GetValue<string>());
        Assert.Equal(HelmChart.Namespace, subject["namespace"]!.GetValue<string>());
        Assert.Equal(subject["name"]!.GetValue<string>(), objects.Pods().Single(pod => pod.Of is "Deployment").Spec["serviceAccountName"]!.GetValue<string>());
    }

    [Fact]
    public void Crds_Both_AreOfTheGroupAndNamesThatTheClientCalls()
    {
        var crds = KubernetesStandIn.Manifests.Load(Path.Combine(Repository.Chart, "crds"));

        Assert.Equal(
            new[] { MembershipApi.Heartbeats, MembershipApi.Tables },
            crds.Select(crd => crd["spec"]!["names"]!["plural"]!.GetValue<string>()).Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
        Assert.All(crds, crd =>
        {
            Assert.Equal(MembershipApi.Group, crd["spec"]!["group"]!.GetValue<string>());
            Assert.Equal(MembershipApi.Version, crd["spec"]!["versions"]![0]!["name"]!.GetValue<string>());
            Assert.Equal("Namespaced", crd["spec"]!["scope"]!.GetValue<string>());
        });
    }
}
