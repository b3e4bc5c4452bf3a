using System.Text.Json;
using System.Xml.Linq;

namespace TransactionPipeline.Helm.Tests.Image;

/// <summary>The Dockerfile, read strictly; the long tier builds it.</summary>
public sealed class DockerfileTests
{
    private const string Program = "/app/TransactionPipeline.Silo.dll";

    private static readonly string[] Instructions = ["ARG", "FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "EXPOSE", "USER", "HEALTHCHECK", "ENTRYPOINT"];

    private readonly IReadOnlyList<DockerfileInstruction> _all = DockerfileInstruction.Read(Repository.At("Dockerfile"));

    private IEnumerable<DockerfileInstruction> Final => _all.Where(one => one.Stage == _all[^1].Stage);

    [Fact]
    public void Instructions_AllOfThem_AreKnown() => Assert.All(_all, one => Assert.Contains(one.Name, Instructions, StringComparer.Ordinal));

    [Fact]
    public void Stages_FinalOne_IsAChiselledRuntimeWithoutSdk()
    {
        var from = _all.Where(one => one.Name is "FROM").Select(one => one.Arguments).ToList();

        Assert.Equal(2, from.Count);
        Assert.Contains("/dotnet/sdk:", from[0], StringComparison.Ordinal);
        // The variant with ICU.
        Assert.Matches("/dotnet/aspnet:.*-chiseled-extra AS final$", from[^1]);
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
        var early = _all.TakeWhile(one => one.Name is not "RUN").Where(one => one.Name is "COPY").SelectMany(one => one.Arguments.Split(' ').SkipLast(1)).ToList();

        var projects = Directory.GetFiles(Repository.At("src"), "*.csproj", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'));
        Assert.All(projects.Concat(["global.json", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "BannedSymbols.txt", ".editorconfig"]), file => Assert.Contains(file, early, StringComparer.Ordinal));
        Assert.DoesNotContain("src/", early, StringComparer.Ordinal);
    }

    [Fact]
    public void Arguments_EachOne_HasADefault() =>
        Assert.All(_all.Where(one => one.Name is "ARG"), one => Assert.Matches("^[A-Z_]+=.+$", one.Arguments));

    [Fact]
    public void Publish_Command_IsOneOfWhatWasRestored()
    {
        var run = _all.Where(one => one.Name is "RUN").Select(one => one.Arguments).ToList();

        Assert.Equal(
            "dotnet publish src/Silo/Silo.csproj --no-restore -c Release -p:UseAppHost=false -p:RunAnalyzers=false -o /app",
            Assert.Single(run, command => command.StartsWith("dotnet publish", StringComparison.Ordinal)));
        Assert.Contains("dotnet restore src/Silo/Silo.csproj", run, StringComparer.Ordinal);
        Assert.Contains(Final, one => one.Name is "COPY" && one.Arguments == "--from=publish /app /app");
    }

    [Fact]
    public void Healthcheck_Command_RunsWithoutAShell()
    {
        var arguments = Assert.Single(Final, one => one.Name is "HEALTHCHECK").Arguments;

        var command = JsonSerializer.Deserialize<string[]>(arguments[arguments.IndexOf('[', StringComparison.Ordinal)..])!;
        Assert.Equal(["dotnet", Program, "health"], command, StringComparer.Ordinal);
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
        Assert.Equal(Program, container["command"]![1]!.GetValue<string>());
        Assert.Equal(["dotnet", Program], JsonSerializer.Deserialize<string[]>(Assert.Single(Final, one => one.Name is "ENTRYPOINT").Arguments)!);
    }
}
