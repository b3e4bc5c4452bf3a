using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Web.Tests.Postgres;

/// <summary>One src/Web as a process of its own, with its own state directory, over a PostgreSQL that others share.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _directory;
    private bool _killed;

    private Replica(Process process, DirectoryInfo directory, Uri address)
    {
        _process = process;
        _directory = directory;
        Client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public HttpClient Client { get; }

    public static async Task<Replica> StartAsync(PostgresOptions postgres, string sharedPassword, Dictionary<string, string>? settings = null)
    {
        var directory = Directory.CreateTempSubdirectory("pipeline-replica-");
        var address = $"http://127.0.0.1:{FreePort()}";
        // Into a file, so that nobody has to read along.
        var start = new ProcessStartInfo("/bin/sh",
        [
            "-c", "exec dotnet \"$1\" >\"$0\" 2>&1", Path.Combine(directory.FullName, "log"),
            Path.Combine(AppContext.BaseDirectory, "TransactionPipeline.Web.dll"),
        ]);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = address,
            ["state_directory"] = Path.Combine(directory.FullName, "state"),
            ["security__jwt_secret"] = WebAppFixture.JwtSecret,
            ["ingestion__sample"] = "",
            ["data_warehouse__postgres__host"] = postgres.Host,
            ["data_warehouse__postgres__port"] = $"{postgres.Port}",
            ["data_warehouse__postgres__dbname"] = postgres.Database,
            ["data_warehouse__postgres__user"] = postgres.User!,
            ["data_warehouse__postgres__password"] = sharedPassword,
        };
        foreach (var (name, value) in environment.Concat(settings ?? [])) start.Environment[name] = value;
        var replica = new Replica(Process.Start(start)!, directory, new Uri(address));
        await replica.SignInAsync();
        return replica;
    }

    /// <summary>What it has logged so far.</summary>
    public async Task<string> LogAsync()
    {
        await using var log = new FileStream(Path.Combine(_directory.FullName, "log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(log);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Waits until it has logged <paramref name="text"/>; lines are written in blocks.</summary>
    public async Task WaitForLogAsync(string text)
    {
        var clock = Stopwatch.StartNew();
        while (!(await LogAsync()).Contains(text, StringComparison.Ordinal))
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(30)) throw new TimeoutException($"Not logged within 30 s: {text}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    /// <summary>As <c>kill -9</c> does.</summary>
    public async Task KillAsync()
    {
        _killed = true;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>As <c>kill -NAME</c> does.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_killed) await KillAsync();
        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task SignInAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await Client.PostAsync("/token", TestForms.Credentials("admin", "password123"));
                if (answer.IsSuccessStatusCode)
                {
                    var token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
                    Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
                    return;
                }
            }
            catch (HttpRequestException) when (!_process.HasExited && clock.Elapsed < TimeSpan.FromMinutes(2))
            {
                // It has not come up yet.
            }
            if (_process.HasExited || clock.Elapsed > TimeSpan.FromMinutes(2))
                throw new InvalidOperationException($"The replica did not come up: {await LogAsync()}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
