using System.Diagnostics;

namespace TransactionPipeline.Helm.Tests;

/// <summary>Runs helm, kubectl and node as a person would.</summary>
internal static class Tool
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static string Folder => Repository.At("tests", "tools", "kubernetes");

    public static Task<ToolResult> RunAsync(
        string tool, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        RunAsync(StartInfo(tool, arguments, environment), Patience);

    public static async Task<ToolResult> RunAsync(ProcessStartInfo start, TimeSpan patience)
    {
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(patience, TimeProvider.System);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new ToolResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)} did not end within {patience}", e);
        }
    }

    public static Process Start(string tool, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        Process.Start(StartInfo(tool, arguments, environment))!;

    private static ProcessStartInfo StartInfo(string tool, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var file = tool is "node" ? tool : Path.Combine(Folder, "bin", tool);
        if (tool is not "node" && !File.Exists(file))
            throw new InvalidOperationException($"{tool} is not installed: run tests/tools/kubernetes/install.sh (./test.sh does)");

        var start = new ProcessStartInfo(file) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        return start;
    }
}

/// <summary>What a tool printed and how it ended.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public string Succeed()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Error}\n{Output}");
        return Output;
    }
}
