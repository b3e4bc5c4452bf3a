using System.Diagnostics;
using System.Text.Json.Nodes;
using TransactionPipeline.Helm.Tests.Chart;
using TransactionPipeline.KubernetesStandIn.Faults;

namespace TransactionPipeline.Helm.Tests.StandIn;

/// <summary>The real kubectl takes the stand-in for an API server.</summary>
public sealed class KubectlTests : StandInTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Apply_Get_Patch_Delete_ChangeTheObject()
    {
        Assert.Contains("demo created", (await KubectlAsync("apply", "-f", WriteTable(0))).Succeed(), StringComparison.Ordinal);
        Assert.Contains("demo configured", (await KubectlAsync("apply", "-f", WriteTable(3))).Succeed(), StringComparison.Ordinal);
        Assert.Contains("demo unchanged", (await KubectlAsync("apply", "-f", WriteTable(3))).Succeed(), StringComparison.Ordinal);
        Assert.Equal("3", await VersionAsync());

        (await KubectlAsync("patch", "silos", "demo", "--type", "merge", "-p", """{"spec":{"version":4}}""")).Succeed();
        Assert.Equal("4", await VersionAsync());
        (await KubectlAsync("patch", "silos", "demo", "--type", "json", "-p", """[{"op":"replace","path":"/spec/version","value":5}]""")).Succeed();
        Assert.Equal("5", await VersionAsync());
        (await KubectlAsync("label", "silomemberships", "demo", "team=analytics")).Succeed();
        Assert.Contains("demo", (await KubectlAsync("get", "silos", "-l", "team=analytics", "-o", "name")).Succeed(), StringComparison.Ordinal);
        Assert.Empty((await KubectlAsync("get", "silos", "-l", "team!=analytics", "-o", "name")).Succeed());

        (await KubectlAsync("delete", "silos", "demo", "--timeout", "30s")).Succeed();
        Assert.Contains("NotFound", (await KubectlAsync("get", "silos", "demo")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_ServerSide_OwnsFieldsAndConflicts()
    {
        (await KubectlAsync("apply", "--server-side", "--field-manager", "one", "-f", WriteTable(1))).Succeed();

        var refused = await KubectlAsync("apply", "--server-side", "--field-manager", "two", "-f", WriteTable(2));
        Assert.Contains("conflict with \"one\"", refused.Error, StringComparison.Ordinal);
        Assert.Equal("1", await VersionAsync());

        (await KubectlAsync("apply", "--server-side", "--field-manager", "two", "--force-conflicts", "-f", WriteTable(2))).Succeed();
        Assert.Equal("2", await VersionAsync());
        Assert.Contains(Server.Log.Calls, call => call is { Verb: "create", Resource: "silomemberships" });
    }

    [Fact]
    public async Task Apply_DryRun_ChangesNothing()
    {
        (await KubectlAsync("apply", "-f", WriteTable(1))).Succeed();

        (await KubectlAsync("apply", "--dry-run=server", "-f", WriteTable(9))).Succeed();

        Assert.Equal("1", await VersionAsync());
    }

    [Theory]
    [InlineData("spec: {version: 0, silos: [], versio: 1}", "unknown field \"spec.versio\"")]
    [InlineData("spec: {silos: []}", "spec.version: Required value")]
    [InlineData("spec: {version: some, silos: []}", "must be of type integer")]
    [InlineData("spec: {version: 0, silos: [{address: a, revision: 1, status: Alive}]}", "Unsupported value")]
    [InlineData("spec: {version: 0, silos: [{address: a, revision: 1, status: Dead}, {address: a, revision: 1, status: Dead}]}", "Duplicate value")]
    public async Task Apply_AgainstTheSchema_IsRefused(string spec, string words)
    {
        var file = WriteFile("bad.yaml", $"apiVersion: transaction-pipeline.io/v1\nkind: SiloMembership\nmetadata: {{name: demo}}\n{spec}\n");

        var result = await KubectlAsync("apply", "-f", file);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replace_OldResourceVersion_Conflicts()
    {
        (await KubectlAsync("apply", "-f", WriteTable(1))).Succeed();
        var old = JsonNode.Parse((await KubectlAsync("get", "silos", "demo", "-o", "json")).Succeed())!;
        (await KubectlAsync("apply", "-f", WriteTable(2))).Succeed();
        old["spec"]!["version"] = 7;

        var result = await KubectlAsync("replace", "-f", WriteFile("old.json", old.ToJsonString()));

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("the object has been modified", result.Error, StringComparison.Ordinal);
        Assert.Equal("2", await VersionAsync());
    }

    [Fact]
    public async Task Watch_Changes_ArriveAsTheyHappen()
    {
        (await KubectlAsync("apply", "-f", WriteTable(1))).Succeed();
        using var watch = Tool.Start("kubectl", ["get", "silos", "--watch", "-o", "jsonpath={.spec.version}{\"\\n\"}"], Environment);
        try
        {
            Assert.Equal("1", await LineAsync(watch, "the first state"));
            (await KubectlAsync("apply", "-f", WriteTable(2))).Succeed();
            Assert.Equal("2", await LineAsync(watch, "the change to version 2"));
            (await KubectlAsync("patch", "silos", "demo", "--type", "merge", "-p", """{"spec":{"version":3}}""")).Succeed();
            Assert.Equal("3", await LineAsync(watch, "the change to version 3"));
        }
        finally
        {
            watch.Kill();
        }

        static async Task<string?> LineAsync(Process watch, string what)
        {
            using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
            try
            {
                return await watch.StandardOutput.ReadLineAsync(limit.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"kubectl get --watch did not print {what} within {Patience}", e);
            }
        }
    }

    [Fact]
    public async Task CrdsAndDiscovery_ShortNamesAndKinds_AreKnown()
    {
        var resources = (await KubectlAsync("api-resources", "--api-group", "transaction-pipeline.io", "--no-headers")).Succeed();
        Assert.Contains("silomemberships", resources, StringComparison.Ordinal);
        Assert.Contains("SiloHeartbeat", resources, StringComparison.Ordinal);
        (await KubectlAsync("wait", "--for", "condition=established", "crd", "--all", "--timeout", "30s")).Succeed();

        (await KubectlAsync("apply", "--server-side", "-f", Crds)).Succeed();
        (await KubectlAsync("delete", "crd", "siloheartbeats.transaction-pipeline.io", "--timeout", "30s")).Succeed();
        Assert.Contains("NotFound", (await KubectlAsync("get", "--raw", "/apis/transaction-pipeline.io/v1/namespaces/data-pipeline/siloheartbeats")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_MissingNamespace_IsRefused() =>
        Assert.Contains("namespaces \"elsewhere\" not found", (await KubectlAsync("create", "--namespace", "elsewhere", "-f", WriteTable(0))).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData(FaultKind.Forbidden, "Forbidden")]
    [InlineData(FaultKind.Conflict, "Conflict")]
    [InlineData(FaultKind.ServerError, "InternalError")]
    [InlineData(FaultKind.Gone, "Expired")]
    [InlineData(FaultKind.Unauthorized, "Unauthorized")]
    public async Task Get_Fault_IsReadAsTheRealError(FaultKind kind, string words)
    {
        (await KubectlAsync("apply", "-f", WriteTable(0))).Succeed();
        Server.Faults.Add(new FaultRule(kind) { Verb = "get", Resource = "silomemberships", Times = 100 });

        var result = await KubectlAsync("get", "silos", "demo");

        Assert.NotEqual(0, result.ExitCode);
        // kubectl words an expired sign-in itself, and names the reason of all others.
        Assert.Contains(kind == FaultKind.Unauthorized ? "logged in" : words, result.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task HelmTemplate_Crds_AreWhatKubectlApplies()
    {
        var rendered = (await HelmChart.TemplateAsync("--include-crds")).Succeed();

        var crds = KubernetesStandIn.Manifests.Parse(rendered).Of("CustomResourceDefinition").Select(crd => crd.Name()).Order(StringComparer.Ordinal);
        Assert.Equal(Server.Objects("apiextensions.k8s.io", "customresourcedefinitions").Select(crd => crd.Name()), crds, StringComparer.Ordinal);
    }

    private async Task<string> VersionAsync() => (await KubectlAsync("get", "silos", "demo", "-o", "jsonpath={.spec.version}")).Succeed();
}
