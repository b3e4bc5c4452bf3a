using System.Diagnostics;

namespace TransactionPipeline.Helm.Tests.Image;

/// <summary>
/// What the Dockerfile's own COPY and RUN instructions make, in a folder that plays the image's file system: no engine is needed, and
/// the files that the tests were built from stay as they are.
/// </summary>
public sealed class PublishedImage : IAsyncLifetime
{
    // A restore and a build of the program.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly string[] Ignored = ["bin", "obj", "node_modules"];
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("image-");

    internal IReadOnlyList<DockerfileInstruction> Instructions { get; } = DockerfileInstruction.Read(Repository.At("Dockerfile"));

    /// <summary>The final stage's instructions.</summary>
    internal IEnumerable<DockerfileInstruction> Final => Instructions.Where(one => one.Stage == Instructions[^1].Stage);

    /// <summary>Where a path of the image is on this machine.</summary>
    public string At(string path) => Path.Combine(_root.FullName, path.TrimStart('/'));

    public async Task InitializeAsync()
    {
        var arguments = Instructions.Where(one => one.Name is "ARG" && one.Arguments.Contains('=', StringComparison.Ordinal))
            .Select(one => one.Arguments.Split('=', 2)).DistinctBy(parts => parts[0], StringComparer.Ordinal)
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        var folder = "/";
        foreach (var instruction in Instructions.Where(one => one.Stage >= 0 && one.Stage < Instructions[^1].Stage))
        {
            var words = arguments.Aggregate(
                instruction.Arguments, (text, one) => text.Replace($"${{{one.Key}}}", one.Value, StringComparison.Ordinal)).Split(' ');
            if (instruction.Name is "WORKDIR") Directory.CreateDirectory(At(folder = words[0]));
            if (instruction.Name is "COPY") Copy(words[..^1], Path.Combine(At(folder), words[^1]));
            if (instruction.Name is "RUN") await RunAsync(folder, words);
        }
    }

    public Task DisposeAsync()
    {
        _root.Delete(recursive: true);
        return Task.CompletedTask;
    }

    private static void Copy(string[] sources, string target)
    {
        foreach (var source in sources.Select(source => Repository.At(source)))
        {
            if (File.Exists(source)) CopyFile(source, Path.Combine(target, Path.GetFileName(source)));
            else CopyFolder(new DirectoryInfo(source), target);
        }
    }

    // What .dockerignore keeps out is left out here too.
    private static void CopyFolder(DirectoryInfo source, string target)
    {
        foreach (var file in source.GetFiles()) CopyFile(file.FullName, Path.Combine(target, file.Name));
        foreach (var folder in source.GetDirectories().Where(folder => !Ignored.Contains(folder.Name, StringComparer.Ordinal)))
            CopyFolder(folder, Path.Combine(target, folder.Name));
    }

    private static void CopyFile(string source, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(source, target, overwrite: true);
    }

    /// <summary>How a command of the image starts here: its paths are in this folder, and nothing is told by who runs the tests.</summary>
    public ProcessStartInfo StartInfo(
        IReadOnlyList<string> command, string folder = "/", IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1).Select(word => word.StartsWith('/') ? At(word) : word))
        {
            WorkingDirectory = At(folder),
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[name] = value;
        return start;
    }

    private async Task RunAsync(string folder, string[] words) =>
        // No server of the build may stay behind.
        (await Tool.RunAsync(
            StartInfo(words, folder, new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["MSBUILDDISABLENODEREUSE"] = "1",
                ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
                ["UseSharedCompilation"] = "false",
            }),
            Patience)).Succeed();
}
