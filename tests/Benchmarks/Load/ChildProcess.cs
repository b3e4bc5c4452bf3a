using System.Diagnostics;
using System.Globalization;

namespace TransactionPipeline.Benchmarks.Load;

/// <summary>What a program took.</summary>
internal sealed record Measured(double Seconds, double ProcessorSeconds, long PeakKilobytes)
{
    public override string ToString() => $"{Seconds:F2} s ({ProcessorSeconds:F2} s of processor time, {PeakKilobytes / 1000.0:F0} MB)";
}

/// <summary>Runs a program and watches <c>/proc</c> while it does: the highest memory is in VmHWM until it ends.</summary>
internal static class ChildProcess
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    public static async Task<Measured> RunAsync(
        string program, string[] arguments, string directory, string? input, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();

        var ended = process.WaitForExitAsync();
        long peak = 0;
        var processor = TimeSpan.Zero;
        while (!ended.IsCompleted)
        {
            await Task.WhenAny(ended, Task.Delay(Look, TimeProvider.System));
            try
            {
                peak = Math.Max(peak, ReadPeak(process.Id));
                processor = process.TotalProcessorTime;
                process.Refresh();
            }
            catch (Exception gone) when (gone is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // It ended between the look and the reading; the loop ends next.
            }
        }
        var took = Stopwatch.GetElapsedTime(began);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}{await output}");
        return new Measured(took.TotalSeconds, processor.TotalSeconds, peak);
    }

    private static long ReadPeak(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
