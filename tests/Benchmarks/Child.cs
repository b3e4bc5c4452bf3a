using System.Diagnostics;
using System.Net;

namespace TransactionPipeline.Benchmarks;

/// <summary>A process of the benchmark's own, built beside it; its output goes nowhere, and it ends with this object.</summary>
internal sealed class Child : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private Child(Process process) => _process = process;

    public int Id => _process.Id;

    public static Child Start(string assembly, string[] args, Dictionary<string, string?> environment)
    {
        // Through a shell, so that the output costs nobody's time but the writer's.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec dotnet \"$@\" >/dev/null 2>&1", "sh", Path.Combine(AppContext.BaseDirectory, assembly), .. args]);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new Child(Process.Start(start)!);
    }

    /// <summary>Asks the process to stop in order, and waits until it has.</summary>
    public async Task StopAsync()
    {
        using (var kill = Process.Start("sh", ["-c", $"kill -TERM {_process.Id}"])) await kill.WaitForExitAsync();
        using var limit = new CancellationTokenSource(StartLimit);
        await _process.WaitForExitAsync(limit.Token);
    }

    /// <summary>Waits until the address answers anything but "not yet" (503).</summary>
    public async Task WaitForAsync(string address)
    {
        using var client = new HttpClient();
        using var limit = new CancellationTokenSource(StartLimit);
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(address, limit.Token);
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable) return;
            }
            catch (HttpRequestException) when (!_process.HasExited)
            {
                // It does not listen yet.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, limit.Token);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
