using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace TransactionPipeline.Benchmarks.Http;

/// <summary>
/// Requests a second of a cached answer (src/Web as it ships, logging on) against <see cref="BareEndpoint"/> returning the same bytes
/// to the same tokens; wrk sends to one after the other, several rounds, and the medians are compared.
/// </summary>
internal static partial class HttpBenchmark
{
    private const string Secret = "a secret of the benchmark, 32 bytes at least";
    private const string Query = "/sales/trends?product_prefix=Halal&sale_month=2023-10-01";
    private const string Web = "http://127.0.0.1:18701";
    private const string Bare = "http://127.0.0.1:18702";
    private const int Rounds = 5;
    private const double MinRatio = 0.7;

    public static async Task<int> RunAsync(string[] args)
    {
        var seconds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        var directory = Directory.CreateTempSubdirectory("http-benchmark-");
        try
        {
            var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["state_directory"] = Path.Combine(directory.FullName, "state"),
                ["security__jwt_secret"] = Secret,
                ["ASPNETCORE_URLS"] = Web,
            };
            var token = await FirstStartAsync(environment);
            var started = Stopwatch.GetTimestamp();
            using var web = Child.Start("TransactionPipeline.Silo.dll", [], environment);
            await web.WaitForAsync($"{Web}/health/ready");
            Console.WriteLine($"src/Web, from process start to ready: {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s");

            // Of a new process, from a client that is warm.
            var body = await AskAsync(token, "first");
            await AskAsync(token, "second");

            var file = Path.Combine(directory.FullName, "body.json");
            await File.WriteAllBytesAsync(file, body);
            using var bare = Child.Start("TransactionPipeline.Benchmarks.dll", ["bare", Bare, Secret, file], environment: new());
            await bare.WaitForAsync($"{Bare}/none");

            var (cached, plain) = (new List<double>(), new List<double>());
            // The first round of each is warm-up.
            for (var round = 0; round <= Rounds; round++)
            {
                plain.Add(await WrkAsync(Bare + Query, token, seconds));
                cached.Add(await WrkAsync(Web + Query, token, seconds));
                Console.WriteLine($"round {round}: bare {plain[^1]:F0} requests/s, cached answer {cached[^1]:F0} requests/s, ratio {cached[^1] / plain[^1]:F2}");
            }
            var ratio = Median([.. cached.Zip(plain, (one, other) => one / other)]);
            Console.WriteLine($"medians: bare {Median(plain):F0}, cached {Median(cached):F0} requests/s, ratio {ratio:F2} (at least {MinRatio})");
            return ratio >= MinRatio ? 0 : 1;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Makes the state directory, the sample data in it and a token for it.</summary>
    private static async Task<string> FirstStartAsync(Dictionary<string, string?> environment)
    {
        using var web = Child.Start("TransactionPipeline.Silo.dll", [], environment);
        await web.WaitForAsync($"{Web}/health/ready");
        using var client = new HttpClient { BaseAddress = new Uri(Web) };
        var token = await SignInAsync(client);
        await web.StopAsync();
        return token;
    }

    private static async Task<byte[]> AskAsync(string token, string which)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var began = Stopwatch.GetTimestamp();
        var body = await client.GetByteArrayAsync(Web + Query);
        Console.WriteLine($"{which} answer: {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0} ms, {body.Length} bytes");
        return body;
    }

    internal static async Task<string> SignInAsync(HttpClient client)
    {
        using var form = new FormUrlEncodedContent([new("username", "admin"), new("password", "password123")]);
        using var answer = await client.PostAsync("/token", form);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!;
    }

    internal static async Task<double> WrkAsync(string address, string token, int seconds)
    {
        var start = new ProcessStartInfo("wrk", ["-t1", "-c32", $"-d{seconds}s", "-H", $"Authorization: Bearer {token}", address])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var wrk = Process.Start(start) ?? throw new InvalidOperationException("wrk does not start; install Debian's package wrk.");
        var output = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        if (output.Contains("Non-2xx", StringComparison.Ordinal)) throw new InvalidOperationException(output);
        return double.Parse(RequestsPerSecond().Match(output).Groups["rate"].Value, CultureInfo.InvariantCulture);
    }

    internal static double Median(List<double> values) => values.Skip(1).Order().ElementAt((values.Count - 1) / 2);

    [GeneratedRegex(@"Requests/sec:\s+(?<rate>[0-9.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RequestsPerSecond();
}
