using System.Diagnostics;
using System.Net.Http.Headers;
using TransactionPipeline.Benchmarks.Http;

namespace TransactionPipeline.Benchmarks.Silo;

/// <summary>
/// A cluster of one from process start to ready on a state that is there already, and its resident memory when ready and after some
/// thousand answers; each build in turn, so that what else the machine does meets all alike.
/// </summary>
internal static class StartBenchmark
{
    private const string Address = "http://127.0.0.1:18781";
    private const int SiloPort = 18791;
    private const int Rounds = 5;
    private const int Requests = 5_000;

    public static async Task RunAsync(IReadOnlyList<SiloBuild> builds, string query, string directory)
    {
        var (starts, ready, worked) = (Lists(builds), Lists(builds), Lists(builds));
        // The first round makes the state and is warm-up.
        for (var round = 0; round <= Rounds; round++)
        {
            foreach (var (build, i) in builds.Select((build, i) => (build, i)))
            {
                var began = Stopwatch.GetTimestamp();
                using var child = build.Start(Address, directory, SiloPort);
                await child.WaitForAsync($"{Address}/health/ready");
                starts[i].Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                ready[i].Add(Resident(child));
                await AskAsync(query);
                worked[i].Add(Resident(child));
                await child.StopAsync();
            }
        }
        Tell("from process start to ready", "ms", builds, starts);
        Tell("resident memory when ready", "MiB", builds, ready);
        Tell($"resident memory after {Requests} answers", "MiB", builds, worked);
    }

    private static List<double>[] Lists(IReadOnlyList<SiloBuild> builds) => [.. builds.Select(_ => new List<double>())];

    private static void Tell(string what, string unit, IReadOnlyList<SiloBuild> builds, List<double>[] values)
    {
        for (var i = 0; i < builds.Count; i++)
        {
            Console.WriteLine($"{what}, {builds[i].Name}: median {HttpBenchmark.Median(values[i]):F0} {unit} of {Rounds} "
                + $"({HttpBenchmark.Median([.. values[i].Zip(values[0], (one, first) => one / first)]):F2}x of {builds[0].Name})");
        }
    }

    private static double Resident(Child child)
    {
        using var process = Process.GetProcessById(child.Id);
        return process.WorkingSet64 / (1024d * 1024);
    }

    private static async Task AskAsync(string query)
    {
        using var client = new HttpClient { BaseAddress = new Uri(Address) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await HttpBenchmark.SignInAsync(client));
        for (var request = 0; request < Requests; request++)
        {
            using var answer = await client.GetAsync(query);
            answer.EnsureSuccessStatusCode();
        }
    }
}
