using System.Diagnostics;
using System.Globalization;
using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Simulation;
using Xunit.Abstractions;

namespace TransactionPipeline.Contract;

/// <summary>
/// The cache keeps its contract in every run of a seeded simulation. One that does not is told with its seed, and shrunk to a plan that a
/// regression test may hold.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>Beyond this nobody reads on.</summary>
    private const int MaxStories = 3;

    [Fact]
    public void Run_OfTheSamePlan_IsTheSameHistory()
    {
        for (var seed = 0UL; seed < 50; seed++) Assert.Equal(Text(Run.Of(PlanMaker.Make(seed))), Text(Run.Of(PlanMaker.Make(seed))));
    }

    [Fact]
    public void Plan_Printed_IsTheCodeThatMakesIt()
    {
        var plan = new Plan(
            7,
            new Setup(Silos: 1, IsCluster: true, Skew: 0, Poll: 4000, MaxBytes: 1048576, HasNotices: false, HasOneToken: false, IsCostlyToPoll: false, IsStepped: true),
            [
                new Ask(10, Client: 0, Place: 1, Key: 2, MaxAge: -1, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
                new MartFault(20, MartMode.Fails, Time: 30),
            ]);

        Assert.Equal(
            """
            new Plan(
                7,
                new Setup(Silos: 1, IsCluster: true, Skew: 0, Poll: 4000, MaxBytes: 1048576, HasNotices: false, HasOneToken: false, IsCostlyToPoll: false, IsStepped: true),
                [
                    new Ask(10, Client: 0, Place: 1, Key: 2, MaxAge: -1, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
                    new MartFault(20, MartMode.Fails, Time: 30),
                ])
            """,
            plan.ToCode());
    }

    [Fact]
    public void Runs_OfThirtyThousandSeeds_KeepTheContract() => Go(0, 30_000);

    /// <summary>A million, or as many as <c>SIMULATION_RUNS</c> says from the seed <c>SIMULATION_SEED</c> on: where one stops, the next goes on.</summary>
    [Fact]
    [Trait("Tier", "Long")]
    public void Runs_OfAMillionSeeds_KeepTheContract() => Go(Number("SIMULATION_SEED", 30_000), Number("SIMULATION_RUNS", 1_000_000));

    private static ulong Number(string variable, ulong otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static string Text(RunResult result) => string.Join('\n', result.History.Select(HistoryText.Of));

    private void Go(ulong seed, ulong runs)
    {
        var tally = new Tally();
        var clock = Stopwatch.StartNew();
        var stories = new List<string>();
        // Each run has one thread, and each processor a run.
        Parallel.For((long)seed, (long)(seed + runs), () => new Tally(), RunOne, tallied =>
        {
            lock (stories) tally.Add(tallied);
        });
        output.WriteLine($"{tally}\n{tally.Runs / clock.Elapsed.TotalSeconds:F0} runs a second, {tally.Runs / Environment.CpuUsage.TotalTime.TotalSeconds:F0} a second of processor time");
        Assert.True(stories.Count == 0, string.Join("\n\n", stories));

        Tally RunOne(long number, ParallelLoopState loop, Tally tallied)
        {
            var result = Run.Of(PlanMaker.Make((ulong)number));
            tallied.Add(result);
            if (result.Violations.Count == 0) return tallied;
            var story = $"Seed {number} breaks {result.Violations[0].Rule}:\n{Story.Of(Shrinker.Shrink(result.Plan, result.Violations[0].Rule))}";
            lock (stories)
            {
                if (stories.Count < MaxStories) stories.Add(story);
                if (stories.Count == MaxStories) loop.Stop();
            }
            return tallied;
        }
    }
}
