using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TransactionPipeline.Helm.Tests.Image;

/// <summary>A published host that serves, on a free port of this machine.</summary>
internal sealed class PublishedHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<string> _log = new();
    private readonly Process _process;

    /// <summary>Starts a command of the image; where it listens is told here.</summary>
    public PublishedHost(ProcessStartInfo start)
    {
        Address = new Uri($"http://127.0.0.1:{FreePort()}");
        start.Environment["ASPNETCORE_URLS"] = Address.ToString();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Uri Address { get; }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Asks again and again until it holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds, string phase)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!await holds())
        {
            if (_process.HasExited) Assert.Fail($"the host ended with {_process.ExitCode} before {phase}:\n{string.Join('\n', _log)}");
            if (limit.IsCancellationRequested) Assert.Fail($"{phase} did not happen within {Patience}:\n{string.Join('\n', _log)}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null) _log.Enqueue(line);
    }
}
