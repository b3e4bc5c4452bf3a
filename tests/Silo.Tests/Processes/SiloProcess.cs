using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using TransactionPipeline.Silo.Tests.Membership;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>A real src/Silo, started as a process of its own on free ports of this machine.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private bool _isFrozen;

    /// <summary>Starts it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="address">Where its settings let it listen.</param>
    /// <param name="settings">Its environment.</param>
    public SiloProcess(string name, Uri address, IReadOnlyDictionary<string, string> settings)
    {
        (Name, Address) = (name, address);
        _process = Process.Start(StartInfo(settings))!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>One as in a pod of its own, all of which this machine's loopback address plays.</summary>
    public static SiloProcess InAPod(string name, IReadOnlyDictionary<string, string> settings)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        return new(name, address, new Dictionary<string, string>(settings, StringComparer.Ordinal)
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
            ["cluster__pod_name"] = name,
            ["cluster__pod_ip"] = "127.0.0.1",
            ["cluster__silo_port"] = $"{FreePort()}",
            ["cluster__gateway_port"] = $"{FreePort()}",
        });
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

    /// <summary>What the process says of the cluster, as its readiness probe would hear it.</summary>
    /// <returns>The status code, and the silos that it takes for active; no code while it does not answer.</returns>
    public async Task<(HttpStatusCode? Code, int ActiveSilos)> ReadyAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(Address, "/health/ready"));
            var cluster = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks").GetProperty("cluster");
            return (answer.StatusCode, cluster.GetProperty("data").GetProperty("active_silos").GetInt32());
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or OperationCanceledException)
        {
            return (null, 0);
        }
    }

    /// <summary>A token of the user that Development has.</summary>
    public async Task<AuthenticationHeaderValue> SignInAsync()
    {
        using var client = new HttpClient();
        using var form = new FormUrlEncodedContent([new("username", "admin"), new("password", "password123")]);
        using var answer = await client.PostAsync(new Uri(Address, "/token"), form);
        answer.EnsureSuccessStatusCode();
        var token = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return new AuthenticationHeaderValue("Bearer", token.GetProperty("access_token").GetString());
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
