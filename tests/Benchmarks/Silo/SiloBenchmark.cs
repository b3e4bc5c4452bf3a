using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using TransactionPipeline.Benchmarks.Http;

namespace TransactionPipeline.Benchmarks.Silo;

/// <summary>
/// Requests a second of a cached answer from src/Silo, alone and as one of three, against src/Web. wrk sends to one after the other,
/// while the rest is idle, in rounds; what counts is the median of the rounds' ratios. One of three silos owns the key, the others hold
/// copies: that must not show.
/// </summary>
internal static class SiloBenchmark
{
    private const string Query = "/sales/trends?product_prefix=Halal&sale_month=2023-10-01";
    private const string Key = "warehouse/2023-10/Halal";
    private const string Web = "http://127.0.0.1:18711";
    private const int FirstSiloPort = 18712;
    private const int Rounds = 5;

    public static async Task<int> RunAsync(string[] args)
    {
        var seconds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        var directory = Directory.CreateTempSubdirectory("silo-benchmark-");
        var children = new List<Child>();
        try
        {
            children.Add(await StartAsync("TransactionPipeline.Web.dll", Web, directory.FullName, offset: 0));
            children.Add(await StartAsync("TransactionPipeline.Silo.dll", Address(0), directory.FullName, offset: 0));
            using var client = new HttpClient();
            client.BaseAddress = new Uri(Web);
            var token = await HttpBenchmark.SignInAsync(client);
            await MeasureAsync("one silo", [(Web, children[0]), (Address(0), children[1])], token, seconds);

            children.Add(await StartAsync("TransactionPipeline.Silo.dll", Address(1), directory.FullName, offset: 1));
            children.Add(await StartAsync("TransactionPipeline.Silo.dll", Address(2), directory.FullName, offset: 2));
            await MeasureAsync("three silos", [(Web, children[0]), .. Enumerable.Range(0, 3).Select(silo => (Address(silo), children[silo + 1]))], token, seconds);
            foreach (var child in children) child.Dispose();
            children.Clear();

            await GrainCallBenchmark.RunAsync(Path.Combine(directory.FullName, "calls"));
            await RollingRestartBenchmark.RunAsync(Path.Combine(directory.FullName, "roll"));
            return 0;
        }
        finally
        {
            foreach (var child in children) child.Dispose();
            directory.Delete(recursive: true);
        }
    }

    private static string Address(int silo) => $"http://127.0.0.1:{FirstSiloPort + silo}";

    private static async Task<Child> StartAsync(string assembly, string address, string directory, int offset)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = address,
            ["state_directory"] = Path.Combine(directory, "state"),
            ["security__jwt_secret"] = "a secret of the benchmark, 32 bytes at least",
            ["cluster__silo_port"] = "18721",
            ["cluster__gateway_port"] = "18731",
            ["cluster__port_offset"] = $"{offset}",
            ["cluster__pod_name"] = NameOf(offset),
        };
        var started = Stopwatch.GetTimestamp();
        var child = Child.Start(assembly, [], environment);
        await child.WaitForAsync($"{address}/health/ready");
        Console.WriteLine($"{assembly} {offset}, from process start to ready: {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s");
        return child;
    }

    private static async Task MeasureAsync(string what, (string Address, Child Child)[] hosts, string token, int seconds)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (address, _) in hosts)
        {
            // A check, so that each silo has asked the key's owner and knows it.
            using var check = new HttpRequestMessage(HttpMethod.Get, address + Query);
            check.Headers.CacheControl = new() { NoCache = true };
            using var answer = await client.SendAsync(check);
            answer.EnsureSuccessStatusCode();
        }
        var owner = await OwnerAsync(client, hosts[^1].Address);
        var rates = hosts.Select(_ => new List<double>()).ToArray();
        var costs = hosts.Select(_ => new List<double>()).ToArray();
        // The first round of each is warm-up.
        for (var round = 0; round <= Rounds; round++)
        {
            for (var i = 0; i < hosts.Length; i++)
            {
                using var process = Process.GetProcessById(hosts[i].Child.Id);
                var before = process.TotalProcessorTime;
                rates[i].Add(await HttpBenchmark.WrkAsync(hosts[i].Address + Query, token, seconds));
                process.Refresh();
                costs[i].Add((process.TotalProcessorTime - before).TotalMicroseconds / (rates[i][^1] * seconds));
            }
        }
        for (var i = 0; i < hosts.Length; i++)
        {
            // On a machine that others use, the processor's time says more than the clock's.
            var name = i == 0 ? "src/Web" : $"silo {i - 1} ({(owner == NameOf(i - 1) ? "owns the key" : "holds a copy")})";
            Console.WriteLine($"{what}, {name}: {HttpBenchmark.Median(rates[i]):F0} requests/s ({Ratio(rates[i], rates[0]):F2}x), "
                + $"{HttpBenchmark.Median(costs[i]):F1} us of processor time each ({Ratio(costs[0], costs[i]):F2}x)");
        }
    }

    /// <summary>The median of the rounds' ratios: what slows the machine down for a while slows both.</summary>
    private static double Ratio(List<double> some, List<double> others) =>
        HttpBenchmark.Median([.. some.Zip(others, (one, other) => one / other)]);

    private static string NameOf(int silo) => $"silo-{silo}";

    /// <summary>The name of the silo that the asked one knows as the key's owner.</summary>
    private static async Task<string?> OwnerAsync(HttpClient client, string silo)
    {
        var keys = await client.GetFromJsonAsync<JsonElement>($"{silo}/admin/cache");
        return keys.EnumerateArray().Single(key => key.GetProperty("key").GetString() == Key).GetProperty("owner").GetString();
    }
}
