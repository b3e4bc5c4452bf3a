using System.Diagnostics;
using TransactionPipeline.GoogleStandIn;

namespace TransactionPipeline.Google.Tests;

/// <summary>The stand-in is trusted only because Google's own clients work against it.</summary>
public sealed class NodeClientsTests
{
    [Fact]
    public async Task GooglesNodeClients_AgainstTheStandIn_WorkAsAgainstGoogle()
    {
        var folder = FindTool();
        if (!Directory.Exists(Path.Combine(folder, "node_modules"))) await RunAsync("sh", [Path.Combine(folder, "install.sh")], folder);
        await using var standIn = await StandIn.StartAsync();
        // No token is demanded: the storage client sends none with resumable uploads to an endpoint that is not Google's.
        standIn.Faults.PageSize = 8;

        var said = await RunAsync("node", ["clients.mjs", $"{standIn.Endpoint}".TrimEnd('/'), "node-token"], folder);

        Assert.Equal("ok", said.Trim());
        Assert.Empty(standIn.Broken);
    }

    private static string FindTool()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var tool = Path.Combine(folder.FullName, "tests", "tools", "google");
            if (Directory.Exists(tool)) return tool;
        }
        throw new DirectoryNotFoundException("tests/tools/google is not above the test's binaries.");
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
        Assert.True(process.ExitCode == 0, await output + await errors);
        return await output;
    }
}
