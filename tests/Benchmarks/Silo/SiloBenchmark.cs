using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using TransactionPipeline.Benchmarks.Http;

namespace TransactionPipeline.Benchmarks.Silo;

/// <summary>
/// Start, memory, requests a second of a cached answer from a cluster of one and from each of three silos, and grain calls;
/// beside an older build when its folder is given. wrk sends to one after the other, while the rest is idle, in rounds; what
/// counts is the median of the rounds' ratios. One of three silos owns the key, the others hold copies: that must not show.
/// </summary>
internal static class SiloBenchmark
{
    private const string Query = "/sales/trends?product_prefix=Halal&sale_month=2023-10-01";
    private const string Key = "warehouse/2023-10/Halal";
    private const int FirstPort = 18711;
    private const int FirstSiloPort = 18721;
    private const int Rounds = 5;

    public static async Task<int> RunAsync(string[] args)
    {
        var seconds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        var builds = SiloBuild.Beside(args.Length > 1 ? args[1] : null);
        var directory = Directory.CreateTempSubdirectory("silo-benchmark-");
        try
        {
            await StartBenchmark.RunAsync(builds, Query, Path.Combine(directory.FullName, "start"));
            await AloneAsync(builds, Path.Combine(directory.FullName, "alone"), seconds);
            await ThreeAsync(Path.Combine(directory.FullName, "three"), seconds);
            await GrainCallBenchmark.RunAsync(Path.Combine(directory.FullName, "calls"));
            return 0;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task AloneAsync(IReadOnlyList<SiloBuild> builds, string directory, int seconds)
    {
        var silos = new List<(string Name, string Address, Child Child)>();
        try
        {
            foreach (var build in builds) silos.Add(await StartAsync(build, build.Name, directory, silos.Count));
            await MeasureAsync("a cluster of one", silos, seconds);
        }
        finally
        {
            foreach (var (_, _, child) in silos) child.Dispose();
        }
    }

    private static async Task ThreeAsync(string directory, int seconds)
    {
        var silos = new List<(string Name, string Address, Child Child)>();
        try
        {
            silos.Add(await StartAsync(SiloBuild.New, "silo-0", directory, 0));
            silos.Add(await StartAsync(SiloBuild.New, "silo-1", directory, 1));
            silos.Add(await StartAsync(SiloBuild.New, "silo-2", directory, 2));
            await MeasureAsync("one of three silos", silos, seconds);
        }
        finally
        {
            foreach (var (_, _, child) in silos) child.Dispose();
        }
    }

    private static async Task<(string Name, string Address, Child Child)> StartAsync(SiloBuild build, string name, string directory, int number)
    {
        var address = $"http://127.0.0.1:{FirstPort + number}";
        var child = build.Start(address, directory, FirstSiloPort + number, new(StringComparer.Ordinal)
        {
            ["cluster__primary"] = $"127.0.0.1:{FirstSiloPort + (name.StartsWith("silo", StringComparison.Ordinal) ? 0 : number)}",
            ["cluster__pod_name"] = name,
        });
        await child.WaitForAsync($"{address}/health/ready");
        return (name, address, child);
    }

    private static async Task MeasureAsync(string what, List<(string Name, string Address, Child Child)> silos, int seconds)
    {
        using var client = new HttpClient();
        var tokens = new List<string>();
        foreach (var (_, address, _) in silos)
        {
            using var own = new HttpClient { BaseAddress = new Uri(address) };
            tokens.Add(await HttpBenchmark.SignInAsync(own));
            // A check, so that each silo has asked the key's owner and knows it.
            using var check = new HttpRequestMessage(HttpMethod.Get, address + Query) { Headers = { Authorization = new("Bearer", tokens[^1]) } };
            check.Headers.CacheControl = new() { NoCache = true };
            using var answer = await client.SendAsync(check);
            answer.EnsureSuccessStatusCode();
        }
        var owner = await OwnerAsync(silos[^1].Address, tokens[^1]);
        var rates = silos.Select(_ => new List<double>()).ToArray();
        var costs = silos.Select(_ => new List<double>()).ToArray();
        // The first round of each is warm-up.
        for (var round = 0; round <= Rounds; round++)
        {
            for (var i = 0; i < silos.Count; i++)
            {
                using var process = Process.GetProcessById(silos[i].Child.Id);
                var before = process.TotalProcessorTime;
                rates[i].Add(await HttpBenchmark.WrkAsync(silos[i].Address + Query, tokens[i], seconds));
                process.Refresh();
                costs[i].Add((process.TotalProcessorTime - before).TotalMicroseconds / (rates[i][^1] * seconds));
            }
        }
        for (var i = 0; i < silos.Count; i++)
        {
            // On a machine that others use, the processor's time says more than the clock's.
            var name = $"{silos[i].Name}{(silos.Count < 3 ? "" : owner == silos[i].Name ? " (owns the key)" : " (holds a copy)")}";
            Console.WriteLine($"{what}, {name}: {HttpBenchmark.Median(rates[i]):F0} requests/s ({Ratio(rates[i], rates[0]):F2}x of {silos[0].Name}), "
                + $"{HttpBenchmark.Median(costs[i]):F1} us of processor time each ({Ratio(costs[0], costs[i]):F2}x)");
        }
    }

    /// <summary>The median of the rounds' ratios: what slows the machine down for a while slows both.</summary>
    private static double Ratio(List<double> some, List<double> others) =>
        HttpBenchmark.Median([.. some.Zip(others, (one, other) => one / other)]);

    /// <summary>The name of the silo that the asked one knows as the key's owner.</summary>
    private static async Task<string?> OwnerAsync(string silo, string token)
    {
        using var client = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", token) } };
        var keys = await client.GetFromJsonAsync<JsonElement>($"{silo}/admin/cache");
        return keys.EnumerateArray().Single(key => key.GetProperty("key").GetString() == Key).GetProperty("owner").GetString();
    }
}
