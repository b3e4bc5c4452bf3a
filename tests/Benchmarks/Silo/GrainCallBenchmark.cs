using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Grains;
using TransactionPipeline.Grains.Query;
using TransactionPipeline.Silo.Hosting;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Benchmarks.Silo;

/// <summary>
/// How long a question to a key's grain takes: in its own silo, and from another over a loopback socket. Two whole silos in this process;
/// the asker holds the rows, as it does whenever a copy is only checked.
/// </summary>
internal static class GrainCallBenchmark
{
    private const int Calls = 5000;
    private static readonly QueryKey Key = new(Mart.Warehouse, "Halal", new Month(2023, 10));

    public static async Task RunAsync(string directory)
    {
        await using var first = Build(directory, 0);
        await first.StartAsync();
        await using var second = Build(directory, 1);
        await second.StartAsync();

        var answer = await first.Services.GetRequiredService<IKeyOwner>().GetAsync(Key, CacheDemand.Check, CancellationToken.None);
        var question = new OwnerQuestion
        {
            MaxAge = TimeSpan.FromHours(1),
            HeldVersion = VersionNote.Of(answer.Snapshot.Version),
        };
        var firstOwns = first.Services.GetRequiredService<GrainKeyOwner>().Table.List().Any(key => key.IsOwned);
        await MeasureAsync("local", firstOwns ? first : second, question);
        await MeasureAsync("remote", firstOwns ? second : first, question);

        await second.StopAsync();
        await first.StopAsync();
    }

    private static WebApplication Build(string directory, int offset) => WebApplication.CreateBuilder(
    [
        $"--state_directory={directory}", "--cluster:primary=127.0.0.1:18741", $"--cluster:silo_port={18741 + offset}", $"--cluster:gateway_port={18751 + offset}",
        $"--urls=http://127.0.0.1:{18761 + offset}", "--environment=Development", "--Logging:LogLevel:Default=Error",
    ]).AddWebFront().AddCluster().Build().UseWebFront();

    private static async Task MeasureAsync(string what, WebApplication from, OwnerQuestion question)
    {
        var grain = from.Services.GetRequiredService<IGrainFactory>().GetGrain<IQueryGrain>(Key.ToString());
        var took = new List<double>(Calls);
        for (var call = -Calls / 5; call < Calls; call++)
        {
            var began = Stopwatch.GetTimestamp();
            await grain.AskAsync(question, CancellationToken.None);
            // The calls below zero are warm-up.
            if (call >= 0) took.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
        }
        took.Sort();
        Console.WriteLine($"grain call, {what}: p50 {took[Calls / 2]:F0} us, p99 {took[Calls * 99 / 100]:F0} us");
    }
}
