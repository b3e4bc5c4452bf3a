using System.Diagnostics;
using TransactionPipeline.Contract.Chaos;
using TransactionPipeline.Contract.History;
using Xunit.Abstractions;

namespace TransactionPipeline.Contract;

/// <summary>
/// The program as it is shipped, three processes of it, keeps the contract while processes, PostgreSQL, the lines to it and marts fail under
/// load. What real machines do is no run that can be repeated: a seed repeats the order of what was done to them.
/// </summary>
[Collection(ChaosGroup.Name)]
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Fact]
    public Task Processes_InTwoMinutesOfChaos_KeepTheContract() =>
        GoAsync(new(Seed: 1, TimeSpan.FromMinutes(2), LongestFreeze: TimeSpan.FromSeconds(20)));

    /// <summary>Or as many minutes as <c>CHAOS_MINUTES</c> says, from the seed <c>CHAOS_SEED</c>.</summary>
    [Fact]
    [Trait("Tier", "Long")]
    public Task Processes_InTenMinutesOfChaos_KeepTheContract() =>
        GoAsync(new ChaosSettings(Seed: 2, TimeSpan.FromMinutes(10), LongestFreeze: TimeSpan.FromSeconds(60)).FromEnvironment());

    private async Task GoAsync(ChaosSettings settings)
    {
        output.WriteLine($"CHAOS_SEED={settings.Seed}");
        await using var run = await ChaosRun.GoAsync(settings);
        var since = Stopwatch.GetTimestamp();
        var violations = ContractChecker.Judge(run.History, ChaosSettings.Terms);
        output.WriteLine(ChaosReport.Figures(settings, run, violations, Stopwatch.GetElapsedTime(since)));
        Assert.True(violations.Count == 0, violations.Count == 0 ? "" : ChaosReport.Stories(run, violations));
        Assert.Empty(run.Unhealed);
        // What is found nothing in is found, were it there.
        foreach (var (rule, history) in Falsified.Of(run.History))
            Assert.Contains(rule, ContractChecker.Judge(history, ChaosSettings.Terms).Select(violation => violation.Rule));
        Assert.True(run.Fleet.LeftForNothing.Count == 0, string.Join("\n\n", run.Fleet.LeftForNothing.Select(silo => $"{silo.Name} left by itself:\n{silo.Process.Log.Text}")));
    }
}
