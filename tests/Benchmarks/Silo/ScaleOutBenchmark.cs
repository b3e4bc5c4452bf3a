using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TransactionPipeline.Grains.Query;
using TransactionPipeline.Silo.Hosting;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Benchmarks.Silo;

/// <summary>
/// How many keys move to a silo that joins three others within five minutes, at few and at many keys, with Orleans' rebalancer of
/// activations and without. The four clusters, each of whole silos in this process, run side by side: they are idle but for what moves.
/// </summary>
internal static class ScaleOutBenchmark
{
    private const int Silos = 3;
    private static readonly TimeSpan Watched = TimeSpan.FromMinutes(5);

    public static async Task<int> RunAsync()
    {
        var directory = Directory.CreateTempSubdirectory("scale-benchmark-");
        try
        {
            var cases = new[] { (24, false), (24, true), (24_000, false), (24_000, true) };
            await Task.WhenAll(cases.Select((one, number) => RunAsync(one.Item1, one.Item2, Path.Combine(directory.FullName, $"{number}"), 18800 + (number * 20))));
            return 0;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task RunAsync(int keys, bool rebalanced, string directory, int firstPort)
    {
        var silos = new List<WebApplication>();
        for (var number = 0; number < Silos; number++) silos.Add(await StartAsync(directory, rebalanced, firstPort, number));
        var grains = silos[0].Services.GetRequiredService<IGrainFactory>();
        // What moves is where a key is owned; no rows are needed for that.
        await Parallel.ForEachAsync(Enumerable.Range(0, keys), async (key, _) => await grains.GetGrain<IQueryGrain>($"warehouse/2023-10/Halal {key}").IsAtWorkAsync());

        silos.Add(await StartAsync(directory, rebalanced, firstPort, Silos));
        var joined = Stopwatch.GetTimestamp();
        var counts = new List<string>();
        for (var at = TimeSpan.Zero; at <= Watched; at += TimeSpan.FromMinutes(1))
        {
            var left = at - Stopwatch.GetElapsedTime(joined);
            if (left > TimeSpan.Zero) await Task.Delay(left, TimeProvider.System);
            counts.Add($"{await CountAsync(grains, silos[^1])}");
        }
        Console.WriteLine($"{keys:N0} keys, {(rebalanced ? "with" : "without")} the rebalancer: on the silo that joined after 0, 1, 2, 3, 4, 5 minutes: {string.Join(", ", counts)}");
        foreach (var silo in Enumerable.Reverse(silos))
        {
            await silo.StopAsync();
            await silo.DisposeAsync();
        }
    }

    private static async Task<int> CountAsync(IGrainFactory grains, WebApplication silo)
    {
        var address = silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var all = await grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics([address]);
        return all.Where(one => one.GrainType.Contains(nameof(QueryGrain), StringComparison.Ordinal)).Sum(one => one.ActivationCount);
    }

    private static async Task<WebApplication> StartAsync(string directory, bool rebalanced, int firstPort, int number)
    {
        var builder = WebApplication.CreateBuilder(
        [
            $"--state_directory={directory}", $"--cluster:primary=127.0.0.1:{firstPort}", $"--cluster:silo_port={firstPort + number}",
            $"--cluster:gateway_port={firstPort + 5 + number}", $"--urls=http://127.0.0.1:{firstPort + 10 + number}", "--environment=Development",
            "--Logging:LogLevel:Default=Error",
        ]);
        builder.AddWebFront().AddCluster();
#pragma warning disable ORLEANSEXP002 // The trial is of this.
        if (rebalanced) builder.UseOrleans(silo => silo.AddActivationRebalancer());
#pragma warning restore ORLEANSEXP002
        var silo = builder.Build().UseWebFront();
        await silo.StartAsync();
        return silo;
    }
}
