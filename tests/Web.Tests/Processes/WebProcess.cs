using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Tests.Processes;

namespace TransactionPipeline.Web.Tests.Processes;

/// <summary>
/// src/Web as a process of its own, signed in to as admin, with its own state directory. It ends with this object, or with the tests'
/// process if that comes first.
/// </summary>
internal sealed class WebProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";

    private readonly Process _process;
    private readonly LastWill _will;

    private WebProcess(ProcessStartInfo start, string directory)
    {
        _process = Process.Start(start)!;
        _will = LastWill.Write("kill -KILL \"$2\" 2>/dev/null; rm -rf \"$1\"", directory, $"{_process.Id}");
        Log = new ProcessLog(_process);
    }

    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromMinutes(2) };

    public ProcessLog Log { get; }

    /// <summary>Starts one that shares a PostgreSQL with others and has no sample data.</summary>
    public static Task<WebProcess> StartAsync(PostgresOptions postgres, string sharedPassword, Dictionary<string, string>? settings = null)
    {
        var shared = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ingestion__sample"] = "",
            ["data_warehouse__postgres__host"] = postgres.Host,
            ["data_warehouse__postgres__port"] = $"{postgres.Port}",
            ["data_warehouse__postgres__dbname"] = postgres.Database,
            ["data_warehouse__postgres__user"] = postgres.User!,
            ["data_warehouse__postgres__password"] = sharedPassword,
        };
        foreach (var (name, value) in settings ?? []) shared[name] = value;
        return StartAsync(shared);
    }

    /// <summary>Starts one with settings over those of <c>dotnet run</c>, in the form of environment variables.</summary>
    public static async Task<WebProcess> StartAsync(Dictionary<string, string>? settings = null)
    {
        var directory = Directory.CreateTempSubdirectory("pipeline-web-").FullName;
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "TransactionPipeline.Web.dll")])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["state_directory"] = Path.Combine(directory, "state"),
            ["security__jwt_secret"] = WebAppFixture.JwtSecret,
        };
        foreach (var (name, value) in environment.Concat(settings ?? [])) start.Environment[name] = value;
        var process = new WebProcess(start, directory);
        try
        {
            await process.SignInAsync();
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>As <c>kill -9</c> does.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>As <c>kill -NAME</c> does.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits until it has ended by itself; its exit code.</summary>
    /// <exception cref="TimeoutException">It still runs.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException stillThere) when (late.IsCancellationRequested)
        {
            throw new TimeoutException($"It has not ended within {limit.TotalSeconds} s:\n{Log.Text}", stillThere);
        }
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
        await _will.DisposeAsync();
    }

    private async Task SignInAsync()
    {
        var listening = await Log.WaitForAsync(Listening);
        Client.BaseAddress = new Uri(listening[(listening.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..]);
        using var answer = await Client.PostAsync("/token", TestForms.Credentials("admin", "password123"));
        answer.EnsureSuccessStatusCode();
        var token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }
}
