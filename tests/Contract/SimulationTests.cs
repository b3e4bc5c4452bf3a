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
        Seeds.FindFailing(seed, runs, RunOne);
        output.WriteLine($"{tally}\n{tally.Runs / clock.Elapsed.TotalSeconds:F0} runs a second, {tally.Runs / Environment.CpuUsage.TotalTime.TotalSeconds:F0} a second of processor time");
        Assert.True(stories.Count == 0, string.Join("\n\n", stories));

        bool RunOne(ulong number)
        {
            var result = Run.Of(PlanMaker.Make(number));
            lock (tally) tally.Add(result);
            if (result.Violations.Count == 0) return true;
            var story = $"Seed {number} breaks {result.Violations[0].Rule}:\n{Story.Of(Shrinker.Shrink(result.Plan, result.Violations[0].Rule))}";
            lock (stories)
            {
                if (stories.Count < MaxStories) stories.Add(story);
                return stories.Count < MaxStories;
            }
        }
    }
}
