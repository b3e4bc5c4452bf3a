using System.Text.Json;
using System.Xml.Linq;

namespace TransactionPipeline.Helm.Tests.Image;

/// <summary>No engine can build the image here, so the Dockerfile is read as strictly as can be.</summary>
public sealed class DockerfileTests
{
    /// <summary>What the build publishes, with the defaults of its arguments.</summary>
    public static readonly string[] PublishCommands =
    [
        "dotnet publish src/Web/Web.csproj --no-restore -c Release -p:Orleans=true -p:UseAppHost=false -o /app/web",
        "dotnet publish src/Silo/Silo.csproj --no-restore -c Release -p:Orleans=true -p:UseAppHost=false -o /app/silo",
    ];

    private static readonly string[] Instructions = ["ARG", "FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "EXPOSE", "USER", "HEALTHCHECK", "ENTRYPOINT"];

    private readonly IReadOnlyList<DockerfileInstruction> _all = DockerfileInstruction.Read(Repository.At("Dockerfile"));

    private IEnumerable<DockerfileInstruction> Final => _all.Where(one => one.Stage == _all[^1].Stage);

    [Fact]
    public void Instructions_AllOfThem_AreKnown() => Assert.All(_all, one => Assert.Contains(one.Name, Instructions, StringComparer.Ordinal));

    [Fact]
    public void Stages_FinalOne_IsAChiselledRuntimeWithoutSdk()
    {
        var from = _all.Where(one => one.Name is "FROM").Select(one => one.Arguments).ToList();

        Assert.Equal(3, from.Count);
        Assert.Contains("/dotnet/sdk:", from[0], StringComparison.Ordinal);
        Assert.Matches("/dotnet/aspnet:.*-chiseled AS final$", from[^1]);
        Assert.DoesNotContain("sdk", from[^1], StringComparison.OrdinalIgnoreCase);
        Assert.All(from, one => Assert.DoesNotContain(":latest", one, StringComparison.Ordinal));
        // The runtime is the one that the projects target.
        var version = Assert.Single(_all, one => one.Name is "ARG" && one.Arguments.StartsWith("DOTNET_VERSION=", StringComparison.Ordinal)).Arguments.Split('=')[1];
        Assert.Equal($"net{version}", XDocument.Load(Repository.At("Directory.Build.props")).Descendants("TargetFramework").Single().Value);
    }

    [Fact]
    public void Final_Instructions_NeedNoShellAndAreNotRoot()
    {
        Assert.DoesNotContain(Final, one => one.Name is "RUN");
        Assert.All(Final.Where(one => one.Name is "ENTRYPOINT"), one => Assert.NotEmpty(JsonSerializer.Deserialize<string[]>(one.Arguments)!));
        Assert.Equal("1654", Assert.Single(Final, one => one.Name is "USER").Arguments);
        var names = Final.Select(one => one.Name).ToList();
        Assert.True(names.IndexOf("USER") < names.IndexOf("ENTRYPOINT"));
    }

    [Fact]
    public void Final_Copies_AreOfPublishedFilesOnly() =>
        Assert.All(Final.Where(one => one.Name is "COPY"), one => Assert.StartsWith("--from=publish ", one.Arguments, StringComparison.Ordinal));

    [Fact]
    public void Copies_EachSource_ExistsAndIsNotIgnored()
    {
        var ignored = File.ReadAllLines(Repository.At(".dockerignore"));
        var sources = _all.Where(one => one.Name is "COPY" && !one.Arguments.Contains("--from=", StringComparison.Ordinal)).SelectMany(one => one.Arguments.Split(' ').SkipLast(1)).ToList();

        Assert.NotEmpty(sources);
        Assert.All(sources, source =>
        {
            Assert.True(Path.Exists(Repository.At(source)), $"{source} does not exist");
            Assert.DoesNotContain(source.Split('/')[0], ignored, StringComparer.Ordinal);
        });
        Assert.Contains(".git", ignored, StringComparer.Ordinal);
        Assert.Contains("**/obj", ignored, StringComparer.Ordinal);
    }

    [Fact]
    public void Copies_BeforeRestore_AreEveryProjectAndWhatItImports()
    {
        var early = _all.Where(one => one.Stage == 0 && one.Name is "COPY").SelectMany(one => one.Arguments.Split(' ').SkipLast(1)).ToList();

        var projects = Directory.GetFiles(Repository.At("src"), "*.csproj", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'));
        Assert.All(projects.Concat(["global.json", "Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", ".editorconfig"]), file => Assert.Contains(file, early, StringComparer.Ordinal));
        Assert.DoesNotContain("src/", early, StringComparer.Ordinal);
    }

    [Fact]
    public void Publish_Commands_AreTheListedOnesOfWhatWasRestored()
    {
        var defaults = _all.Where(one => one.Name is "ARG" && one.Arguments.Contains('=', StringComparison.Ordinal)).Select(one => one.Arguments.Split('=', 2)).DistinctBy(parts => parts[0], StringComparer.Ordinal);
        var run = _all.Where(one => one.Name is "RUN").Select(one => defaults.Aggregate(one.Arguments, (text, arg) => text.Replace($"${{{arg[0]}}}", arg[1], StringComparison.Ordinal))).ToList();

        Assert.Equal(PublishCommands, run.Where(command => command.StartsWith("dotnet publish", StringComparison.Ordinal)), StringComparer.Ordinal);
        Assert.All(PublishCommands, command => Assert.Contains($"dotnet restore {command.Split(' ')[2]} -p:Orleans=true", run, StringComparer.Ordinal));
        Assert.All(PublishCommands, command => Assert.Contains(Final, one => one.Name is "COPY" && one.Arguments.StartsWith($"--from=publish {command.Split(' ')[^1]} ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Healthcheck_Command_RunsWithoutAShell()
    {
        var arguments = Assert.Single(Final, one => one.Name is "HEALTHCHECK").Arguments;

        var command = JsonSerializer.Deserialize<string[]>(arguments[arguments.IndexOf('[', StringComparison.Ordinal)..])!;
        Assert.Equal(["dotnet", "/app/web/TransactionPipeline.Web.dll", "health"], command, StringComparer.Ordinal);
    }

    [Fact]
    public void Secrets_NoArgumentOrVariable_LooksLikeOne()
    {
        var words = _all.Where(one => one.Name is "ARG" or "ENV" or "LABEL").Select(one => one.Arguments).ToList();

        Assert.NotEmpty(words);
        Assert.All(words, one => Assert.DoesNotMatch("(?i)secret|password|token|credential|_key", one));
    }

    [Fact]
    public void Labels_OciOnes_AreThere()
    {
        var labels = Assert.Single(Final, one => one.Name is "LABEL").Arguments;

        Assert.All((string[])["title", "description", "version", "revision"], name => Assert.Contains($"org.opencontainers.image.{name}=", labels, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Image_UserPortsAndFolders_AreThoseOfTheChart()
    {
        var objects = await Chart.HelmChart.RenderAsync("default-values.yaml");
        var (_, _, spec) = Chart.HelmChart.Pods(objects).Single(pod => pod.Of is "Deployment");
        var container = Chart.HelmChart.Container(spec);

        Assert.Equal(spec["securityContext"]!["runAsUser"]!.ToString(), Assert.Single(Final, one => one.Name is "USER").Arguments);
        Assert.Equal(string.Join(' ', container["ports"]!.AsArray().Select(port => port!["containerPort"]!.ToString())), Assert.Single(Final, one => one.Name is "EXPOSE").Arguments);
        Assert.Contains($"state_directory={container["volumeMounts"]![0]!["mountPath"]}", Assert.Single(Final, one => one.Name is "ENV").Arguments, StringComparison.Ordinal);
        var dll = container["command"]![1]!.GetValue<string>();
        Assert.Contains(PublishCommands, command => dll.StartsWith(command.Split(' ')[^1] + "/", StringComparison.Ordinal));
    }
}
