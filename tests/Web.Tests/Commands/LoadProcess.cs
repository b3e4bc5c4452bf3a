using System.Diagnostics;

namespace TransactionPipeline.Web.Tests.Commands;

/// <summary>The real program as a process of its own, so that it can be killed or run out of disk.</summary>
internal static class LoadProcess
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Starts a command of the program; with a limit, no file may grow beyond so many KiB, as on a full disk.</summary>
    public static Process Start(string state, int? fileLimit, params string[] command) => Process.Start(StartInfo(state, fileLimit, command))!;

    public static ProcessStartInfo StartInfo(string state, int? fileLimit, params string[] command)
    {
        string[] program = ["dotnet", Path.Combine(AppContext.BaseDirectory, "TransactionPipeline.Web.dll"), .. command];
        var start = fileLimit is null
            ? new ProcessStartInfo(program[0], program[1..])
            : new ProcessStartInfo("bash", ["-c", $"trap '' XFSZ; ulimit -f {fileLimit}; exec \"$@\"", "bash", .. program]);
        start.UseShellExecute = false;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        // The runtime keeps its code in a file of its own, larger than the limit, unless told not to.
        if (fileLimit is not null) start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["state_directory"] = state;
        start.Environment["ingestion__lease_seconds"] = "1";
        start.Environment["orchestration__lease_seconds"] = "1";
        return start;
    }

    public static Task<(int ExitCode, string Output, string Error)> RunAsync(string state, int? fileLimit, params string[] command) =>
        RunAsync(StartInfo(state, fileLimit, command));

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Runs the command until <paramref name="isSo"/>, then kills it as kill -9 does. False when it ended before.</summary>
    public static async Task<bool> KillWhenAsync(string state, Func<bool> isSo, params string[] command)
    {
        using var process = Start(state, fileLimit: null, command);
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        while (!process.HasExited)
        {
            if (isSo())
            {
                process.Kill();
                await process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);
                return process.ExitCode != 0;
            }
            await Task.Delay(Look, TimeProvider.System);
        }
        return false;
    }
}
