using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TransactionPipeline.Silo.Tests.Membership;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>A real src/Silo, started as a process of its own on free ports of this machine.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private bool _isFrozen;

    public SiloProcess(string name, IReadOnlyDictionary<string, string> settings)
    {
        Name = name;
        Address = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = StartInfo(settings);
        start.Environment["ASPNETCORE_URLS"] = Address.ToString();
        start.Environment["cluster__pod_name"] = name;
        start.Environment["cluster__pod_ip"] = "127.0.0.1";
        start.Environment["cluster__silo_port"] = $"{FreePort()}";
        start.Environment["cluster__gateway_port"] = $"{FreePort()}";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public Uri Address { get; }

    /// <summary>True once a test is about to do it harm.</summary>
    public bool IsExpectedToFail { get; set; }

    public bool HasExited => _process.HasExited;

    /// <summary>0 after an orderly stop.</summary>
    public int ExitCode => _process.ExitCode;

    public string Log => string.Join(Environment.NewLine, _log);

    public Task WaitForExitAsync() => _process.WaitForExitAsync();

    public void Kill() => _process.Kill();

    /// <summary>As the kubelet asks a pod to go.</summary>
    public Task TerminateAsync() => SignalAsync("TERM");

    public Task FreezeAsync()
    {
        _isFrozen = true;
        return SignalAsync("STOP");
    }

    public Task ThawAsync()
    {
        _isFrozen = false;
        return SignalAsync("CONT");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            if (_isFrozen) await ThawAsync();
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    /// <summary>How the program is started, as a server or for a command.</summary>
    public static ProcessStartInfo StartInfo(IReadOnlyDictionary<string, string> settings, params string[] args)
    {
        // The tests are built with the configuration that the silo is built with.
        var configuration = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!;
        var folder = Path.Combine(RepositoryFiles.Root, "src", "Silo", "bin", configuration, "net10.0");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(folder, "TransactionPipeline.Silo.dll"), .. args])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in settings) start.Environment[key] = value;
        return start;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // By its id, and only while it is ours: the id of a process that was not waited for is not given to another.
    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -{signal} {_process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        _log.Enqueue(line);
        if (_log.Count > 2000) _log.TryDequeue(out _);
    }
}
