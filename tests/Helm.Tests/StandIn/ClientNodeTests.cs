namespace TransactionPipeline.Helm.Tests.StandIn;

/// <summary>The official JavaScript client takes the stand-in for an API server.</summary>
public sealed class ClientNodeTests : StandInTests
{
    [Fact]
    public async Task ClientNode_EveryVerbAndAWatch_WorkAgainstTheStandIn()
    {
        Assert.True(
            Directory.Exists(Path.Combine(Tool.Folder, "node_modules", "@kubernetes", "client-node")),
            "the JavaScript client is not installed: run tests/tools/kubernetes/install.sh (./test.sh does)");

        var output = (await Tool.RunAsync("node", ["client-check.mjs"], Environment)).Succeed();

        Assert.Equal(["create", "list", "replace", "patch", "crds", "watch"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
    }
}
