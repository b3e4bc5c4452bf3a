using System.Diagnostics;
using System.Globalization;
using TransactionPipeline.Benchmarks.Http;

namespace TransactionPipeline.Benchmarks.Changes;

/// <summary>
/// From the commit of a change until three processes over one PostgreSQL all serve it: by notification, with the listening connections
/// cut before each change, by the poll alone, and after restarts of the server. And from Ctrl-C to the end of a process.
/// </summary>
internal static class ChangeBenchmark
{
    private const int Stops = 6;

    public static async Task<int> RunAsync(string[] args)
    {
        var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100;
        var server = new PostgresServer();
        await server.InitializeAsync();
        try
        {
            await MeasureAsync(server, "notified", replicas => FollowAsync(replicas, count));
            await MeasureAsync(server, "listening connections cut before each", replicas => FollowAsync(
                replicas, count, beforeTransform: () => replicas.CutListenersAsync()));
            await using (var proxy = new TcpProxy(server.Port))
            {
                await MeasureAsync(
                    server,
                    "by the poll alone",
                    async replicas =>
                    {
                        proxy.Silence("LISTEN ");
                        await replicas.CutListenersAsync();
                        return await FollowAsync(replicas, count, monthsAtOnce: 4);
                    },
                    Replicas.Over(proxy.Port));
            }
            await MeasureAsync(server, "after a restart of PostgreSQL before each five", replicas => FollowAsync(
                replicas,
                count,
                monthsAtOnce: 5,
                beforeRound: async () =>
                {
                    await server.StopAsync();
                    await server.StartAsync();
                }));
            await StopAsync();
            return 0;
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static Task<List<double>> FollowAsync(
        Replicas replicas, int count, int monthsAtOnce = 1, Func<Task>? beforeRound = null, Func<Task>? beforeTransform = null) =>
        Testing.Changes.FollowAsync(replicas, count, monthsAtOnce, beforeRound, beforeTransform);

    private static async Task MeasureAsync(
        PostgresServer server, string how, Func<Replicas, Task<List<double>>> follow, Dictionary<string, string>? settings = null)
    {
        await using var replicas = await Replicas.CreateAsync(server);
        await replicas.StartAsync(3, settings);
        var delays = await follow(replicas);
        delays.Sort();
        Console.WriteLine($"{delays.Count} changes, {how}: median {delays[delays.Count / 2]:F0} ms, p99 {delays[(delays.Count * 99 / 100) - 1]:F0} ms, most {delays[^1]:F0} ms");
    }

    private static async Task StopAsync()
    {
        var took = new List<double>();
        for (var stop = 0; stop < Stops; stop++)
        {
            await using var process = await ProgramProcess.ServeAsync();
            var began = Stopwatch.GetTimestamp();
            await process.SignalAsync("INT");
            await process.WaitForExitAsync("the end after Ctrl-C");
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        Console.WriteLine($"from Ctrl-C to the end of a cluster of one: median {HttpBenchmark.Median(took):F0} ms, most {took.Max():F0} ms");
    }
}
