using System.Diagnostics;
using Xunit.Abstractions;

namespace TransactionPipeline.Helm.Tests.Image;

/// <summary>The Dockerfile is built as it is and the result started, by buildah without a daemon.</summary>
public sealed class BuiltImageTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(40);

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Dockerfile_BuiltAndStarted_Serves()
    {
        var script = Repository.At("tests", "tools", "image", "build-and-run.sh");

        var result = await Tool.RunAsync(
            new ProcessStartInfo("bash", [script]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true },
            Patience);

        // The log and the image's digest.
        output.WriteLine(result.Output);
        Assert.EndsWith("ok", result.Succeed().TrimEnd(), StringComparison.Ordinal);
    }
}
