using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace TransactionPipeline.Testing;

/// <summary>
/// The program, src/Silo, as a process of its own that serves. It ends with this object, or with the tests' process if that comes first.
/// </summary>
internal sealed class ProgramProcess : IAsyncDisposable
{
    public const string JwtSecret = "a secret of the tests, 32 bytes at least";

    private const string Listening = "Now listening on: ";

    private readonly Process _process;
    private readonly LastWill _will;
    private bool _isFrozen;

    private ProgramProcess(string name, ProcessStartInfo start, Uri? address, string directory = "")
    {
        Name = name;
        _process = Process.Start(start)!;
        _will = LastWill.Write("kill -KILL \"$1\" 2>/dev/null; [ -z \"$2\" ] || rm -rf \"$2\"", $"{_process.Id}", directory);
        Log = new ProcessLog(_process);
        if (address is not null) Client.BaseAddress = address;
    }

    public string Name { get; }

    /// <summary>A client of its address; see <see cref="SignInAsync"/>.</summary>
    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromMinutes(5) };

    public Uri Address => Client.BaseAddress!;

    public ProcessLog Log { get; }

    /// <summary>True once a test is about to do it harm.</summary>
    public bool IsExpectedToFail { get; set; }

    public bool HasExited => _process.HasExited;

    /// <summary>0 after an orderly stop.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts one and does not wait for it.</summary>
    /// <param name="settings">Its environment; without <c>ASPNETCORE_URLS</c> it listens on a free port of the loopback address.</param>
    /// <param name="name">For messages.</param>
    public static ProgramProcess Start(IReadOnlyDictionary<string, string> settings, string name = "the program")
    {
        var address = new Uri(settings.GetValueOrDefault("ASPNETCORE_URLS") ?? $"http://127.0.0.1:{Ports.Free()}");
        return new(name, ProgramCommand.StartInfo(new Dictionary<string, string>(settings, StringComparer.Ordinal) { ["ASPNETCORE_URLS"] = address.ToString() }), address);
    }

    /// <summary>Starts one that was built elsewhere and does not wait for it; where it listens is told here.</summary>
    public static ProgramProcess Start(ProcessStartInfo start, string name)
    {
        var address = new Uri($"http://127.0.0.1:{Ports.Free()}");
        start.Environment["ASPNETCORE_URLS"] = address.ToString();
        return new(name, start, address);
    }

    /// <summary>The memory that is resident, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts one as in a pod of its own, all of which this machine's loopback address plays.</summary>
    public static ProgramProcess StartInAPod(string name, IReadOnlyDictionary<string, string> settings) => Start(
        new Dictionary<string, string>(settings, StringComparer.Ordinal)
        {
            ["cluster__pod_name"] = name,
            ["cluster__pod_ip"] = "127.0.0.1",
            ["cluster__silo_port"] = $"{Ports.Free()}",
            ["cluster__gateway_port"] = $"{Ports.Free()}",
        },
        name);

    /// <summary>Starts one as <c>dotnet run</c> does, waits until it serves, and signs its client in as admin.</summary>
    /// <param name="settings">Settings over those of <c>dotnet run</c>; without <c>state_directory</c> its state goes with it.</param>
    public static async Task<ProgramProcess> ServeAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        var directory = Directory.CreateTempSubdirectory("pipeline-state-").FullName;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["state_directory"] = directory,
            ["security__jwt_secret"] = JwtSecret,
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal)) environment[name] = value;
        var process = new ProgramProcess("the program", ProgramCommand.StartInfo(environment), address: null, directory);
        try
        {
            var listening = await process.Log.WaitForAsync(Listening);
            process.Client.BaseAddress = new Uri(listening[(listening.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..]);
            process.Client.DefaultRequestHeaders.Authorization = await process.SignInAsync();
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>A token of the user that Development has.</summary>
    public async Task<AuthenticationHeaderValue> SignInAsync()
    {
        using var answer = await Client.PostAsync("/token", TestForms.Credentials("admin", "password123"));
        answer.EnsureSuccessStatusCode();
        var token = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return new AuthenticationHeaderValue("Bearer", token.GetProperty("access_token").GetString());
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

    /// <summary>As <c>kill -9</c> does; ends when the process has.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

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

    /// <summary>As <c>kill -NAME</c> does. By its id, and only while it is ours: the id of a process that was not waited for is not given to another.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        // It may have ended by itself meanwhile.
        Assert.True(kill.ExitCode == 0 || HasExited, $"{Name} was not sent {name}");
    }

    /// <summary>Looks until <paramref name="holds"/> does, or the process has ended.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds, string phase)
    {
        await Phase.UntilAsync(async () => HasExited || await holds(), phase);
        Assert.False(HasExited, $"{Name} ended before {phase}:\n{Log.Text}");
    }

    /// <summary>Waits for its end; false when <paramref name="limit"/> was over before.</summary>
    public async Task<bool> EndsAsync(CancellationToken limit)
    {
        await _process.WaitForExitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _process.HasExited;
    }

    /// <summary>Waits until it has ended by itself; its exit code.</summary>
    public async Task<int> WaitForExitAsync(string phase)
    {
        await Phase.InTimeAsync(_process.WaitForExitAsync(), $"{phase}, after\n{Log.Text}\nand so");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
        {
            if (_isFrozen) await ThawAsync();
            await KillAsync();
        }
        _process.Dispose();
        await _will.DisposeAsync();
    }
}
