using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TransactionPipeline.Helm.Tests.Chart;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Helm.Tests.Image;

/// <summary>The Dockerfile's publish commands make a program that runs, and nothing that has no place in an image.</summary>
public sealed partial class PublishedImageTests(PublishedImage image) : IClassFixture<PublishedImage>
{
    [Fact]
    public void Publish_Program_IsWhole()
    {
        var files = Files("/app");

        string[] needed =
        [
            "TransactionPipeline.Silo.dll", "TransactionPipeline.Silo.runtimeconfig.json", "TransactionPipeline.Silo.deps.json",
            "TransactionPipeline.Web.dll", "TransactionPipeline.Core.dll", "data/pipeline_config.yaml", "data/transactions.csv",
        ];
        Assert.All(needed, file => Assert.Contains(file, files, StringComparer.Ordinal));
        Assert.Contains(files, file => file.StartsWith("templates/", StringComparison.Ordinal));
        Assert.Contains(files, file => file.StartsWith("wwwroot/", StringComparison.Ordinal));
        // One program: nothing else in it can be started.
        Assert.Equal("TransactionPipeline.Silo.runtimeconfig.json", Assert.Single(files, file => file.EndsWith(".runtimeconfig.json", StringComparison.Ordinal)));
    }

    [Fact]
    public void Publish_Output_HasNoSdkTestsSourcesOrSecrets()
    {
        var copied = image.Final.Where(one => one.Name is "COPY").Select(one => one.Arguments.Split(' ')[^2]).ToList();
        var files = copied.SelectMany(folder => Files(folder).Select(file => Path.Combine(image.At(folder), file))).ToList();

        Assert.True(files.Count > 50, $"only {files.Count} files were published");
        Assert.All(files, file =>
        {
            Assert.DoesNotMatch(Foreign(), Path.GetFileName(file));
            // An assembly holds no text of its own; whatever else is short enough to be a key file is read.
            if (Path.GetExtension(file) is ".dll" or ".so" or ".pdb" || new FileInfo(file).Length > 1 << 20) return;
            Assert.DoesNotMatch(Secret(), File.ReadAllText(file));
        });
    }

    [Fact]
    public async Task Entrypoint_AloneAsDockerRunStartsIt_ServesAndTheHealthcheckSaysSo()
    {
        var state = Directory.CreateTempSubdirectory("image-state-");
        try
        {
            var environment = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["state_directory"] = state.FullName,
            };
            await using var host = await ServeAsync(Command("ENTRYPOINT"), environment);

            var health = image.StartInfo([.. Command("HEALTHCHECK"), "--url", new Uri(host.Address, "/health/live").ToString()]);
            Assert.Contains("healthy", (await Tool.RunAsync(health, TimeSpan.FromSeconds(30))).Succeed(), StringComparison.Ordinal);
            await AssetsAreServedAsync(host);
        }
        finally
        {
            state.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Silo_InAPodOfTheChart_JoinsItsClusterAndServes()
    {
        await using var api = await KubernetesStandInServer.StartAsync(new StandInOptions
        {
            Namespaces = [HelmChart.Namespace],
            Manifests = [Path.Combine(Repository.Chart, "crds")],
        });
        var objects = await HelmChart.RenderAsync("minimal-values.yaml");
        var environment = PodEnvironment.Of(objects, image, "silo-0");
        environment["cluster__api_server"] = api.Address.ToString();
        environment["cluster__silo_port"] = $"{Ports.Free()}";
        environment["cluster__gateway_port"] = $"{Ports.Free()}";
        var container = objects.Pods().Single(pod => pod.Of is "Deployment").Spec.Container();

        await using var host = await ServeAsync([.. container["command"]!.AsArray().Select(word => word!.GetValue<string>())], environment);

        await host.UntilAsync(
            () => Task.FromResult(api.Objects(MembershipApi.Group, MembershipApi.Tables)
                .SelectMany(table => table["spec"]!["silos"]!.AsArray())
                .Any(silo => silo!["siloName"]!.GetValue<string>() is "silo-0" && silo["status"]!.GetValue<string>() is "Active")),
            "the silo's being active");
        await AssetsAreServedAsync(host);
        await ProbesAreAnsweredAsync(host, objects);
    }

    // Whatever the chart says that the kubelet or Prometheus may ask. Without its database the host is not ready, but it says so.
    private static async Task ProbesAreAnsweredAsync(ProgramProcess host, IReadOnlyList<JsonObject> objects)
    {
        var (_, metadata, spec) = objects.Pods().Single(pod => pod.Of is "Deployment");
        var paths = spec.Find("httpGet").Select(probe => probe["path"]!).Append(metadata["annotations"]!["prometheus.io/path"]!).ToList();
        Assert.Equal(4, paths.Count);

        using var client = new HttpClient { BaseAddress = host.Address };
        foreach (var path in paths)
        {
            using var answer = await client.GetAsync(new Uri(path.GetValue<string>(), UriKind.Relative));
            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable });
        }
    }

    // Each host serves the front end's files from its own folder.
    private static async Task AssetsAreServedAsync(ProgramProcess host)
    {
        using var client = new HttpClient { BaseAddress = host.Address };
        foreach (var file in Directory.GetFiles(Repository.At("src", "Web", "wwwroot", "assets")))
        {
            using var answer = await client.GetAsync(new Uri($"/assets/{Path.GetFileName(file)}", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private async Task<ProgramProcess> ServeAsync(IReadOnlyList<string> command, Dictionary<string, string> environment)
    {
        // Nobody answers there, which a start outlives.
        environment["data_warehouse__postgres__host"] = "127.0.0.1";
        environment["data_warehouse__postgres__port"] = $"{Ports.Free()}";
        var host = ProgramProcess.Start(image.StartInfo(command, environment: environment), "the published program");
        using var client = new HttpClient { BaseAddress = host.Address };
        await host.UntilAsync(
            async () =>
            {
                try
                {
                    using var answer = await client.GetAsync(new Uri("/health/live", UriKind.Relative));
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "a healthy answer");
        return host;
    }

    private string[] Command(string instruction)
    {
        var arguments = image.Final.Single(one => one.Name == instruction).Arguments;
        return JsonSerializer.Deserialize<string[]>(arguments[arguments.IndexOf('[', StringComparison.Ordinal)..])!;
    }

    private List<string> Files(string folder) =>
    [
        .. Directory.GetFiles(image.At(folder), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(image.At(folder), file).Replace('\\', '/')),
    ];

    [GeneratedRegex(
        @"(?i)\.tests?\.|xunit|testhost|testinghost|^microsoft\.(build|codeanalysis|net\.(sdk|test))|^nuget\."
            + @"|\.(cs|csproj|sln|key|pem|pfx|env|db)$",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Foreign();

    [GeneratedRegex(@"-----BEGIN|""private_key""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Secret();
}
