using System.Diagnostics;

namespace TransactionPipeline.Testing;

/// <summary>The program, src/Silo, as a process of its own that runs to its end: a command, or a start that is refused.</summary>
internal static class ProgramCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    // The tests are built with the configuration that the program is built with. Another build, an older one say, is named by its folder:
    // so a test can be shown to fail on it.
    private static string Folder { get; } = Environment.GetEnvironmentVariable("PROGRAM_UNDER_TEST") ?? Repository.At(
        "src", "Silo", "bin", Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!, "net10.0");

    /// <summary>The built program.</summary>
    public static string Assembly { get; } = Path.Combine(Folder, "TransactionPipeline.Silo.dll");

    /// <summary>How it is started, as a server or for a command.</summary>
    public static ProcessStartInfo StartInfo(IReadOnlyDictionary<string, string> settings, params string[] args) =>
        StartInfo(settings, fileLimit: null, args);

    /// <summary>The same; with a limit, no file may grow beyond so many KiB, as on a full disk.</summary>
    public static ProcessStartInfo StartInfo(IReadOnlyDictionary<string, string> settings, int? fileLimit, params string[] args)
    {
        string[] program = ["dotnet", Assembly, .. args];
        var start = fileLimit is null
            ? new ProcessStartInfo(program[0], program[1..])
            : new ProcessStartInfo("bash", ["-c", $"trap '' XFSZ; ulimit -f {fileLimit}; exec \"$@\"", "bash", .. program]);
        start.WorkingDirectory = Folder;
        start.UseShellExecute = false;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        // The runtime keeps its code in a file of its own, larger than the limit, unless told not to.
        if (fileLimit is not null) start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return start;
    }

    /// <summary>Runs it to its end.</summary>
    /// <param name="start">From <see cref="StartInfo(IReadOnlyDictionary{string, string}, string[])"/>.</param>
    /// <param name="input">A line for its standard input; null leaves that alone.</param>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(ProcessStartInfo start, string? input = null)
    {
        start.RedirectStandardInput = input is not null;
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            if (input is not null)
            {
                await process.StandardInput.WriteLineAsync(input);
                process.StandardInput.Close();
            }
            await process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);
            return (process.ExitCode, await output, await error);
        }
        catch (TimeoutException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', start.ArgumentList)} did not end within {Patience.TotalSeconds} s", late);
        }
    }

    /// <summary>Runs the command until <paramref name="isSo"/>, then kills it as kill -9 does. False when it ended before.</summary>
    public static async Task<bool> KillWhenAsync(ProcessStartInfo start, Func<bool> isSo)
    {
        using var process = Process.Start(start)!;
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
            // Nothing tells of a file that another process makes.
            await Task.Delay(Look, TimeProvider.System);
        }
        return false;
    }
}
