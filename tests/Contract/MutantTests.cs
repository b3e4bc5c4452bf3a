using System.Text;
using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Mutation;
using TransactionPipeline.Contract.Simulation;
using Xunit.Abstractions;

namespace TransactionPipeline.Contract;

/// <summary>
/// The simulation catches each of many small deliberate bugs, so that its silence means something. They are unified diffs, made by hand from
/// the rules before these were code; what each breaks, and the rule that has to catch it, is at its head.
/// </summary>
public sealed class MutantTests(ITestOutputHelper output)
{
    private const int ManyRuns = 100_000;

    /// <summary>For a fault that the cache once had.</summary>
    private const int RunsToRestored = 10_000, EventsOfRestored = 15, StoriesOfRestored = 8;

    /// <summary>For the ten of the short tier.</summary>
    private const int FewRuns = 200;

    [Fact]
    public void Mutants_ApplyCompileAndNameTheirRule()
    {
        Assert.True(Mutant.All.Count >= 30);
        foreach (var mutant in Mutant.All)
        {
            Assert.Contains(mutant.Rule, ContractChecker.Rules.Append(Run.Endless));
            var changed = MutableAssembly.All.Where(assembly => assembly.IsChangedBy(mutant.Patch)).ToList();
            Assert.NotEmpty(changed);
            foreach (var assembly in changed) assembly.Check(mutant.Patch);
        }
    }

    [Fact]
    public void FewRuns_WithoutAMutant_KeepTheContract() => Assert.Null(MutantContext.Load(null).Find(0, FewRuns, null));

    [Theory]
    [InlineData("04-prefix-cut-at-wrong-boundary")]
    [InlineData("06-version-floor-left-out-of-judgement")]
    [InlineData("09-check-time-of-owners-clock")]
    [InlineData("10-lease-kept-on-failure")]
    [InlineData("13-failure-forgets-the-last-good")]
    [InlineData("17-max-age-ignored")]
    [InlineData("28-owner-tells-check-as-reading")]
    [InlineData("29-rows-left-out-for-another-version")]
    [InlineData("32-unreachable-owner-fails-the-question")]
    [InlineData("39-token-not-compared")]
    public void FewRuns_OfAQuicklyCaughtMutant_BreakItsRule(string name)
    {
        var mutant = Mutant.All.Single(one => one.Name == name);
        Assert.NotNull(MutantContext.Load(mutant).Find(0, FewRuns, mutant.Rule));
    }

    [Fact]
    [Trait("Tier", "Long")]
    public void ManyRuns_WithoutAMutant_KeepTheContract() => Assert.Null(MutantContext.Load(null).Find(0, ManyRuns, null));

    /// <summary>All of them, or those that <c>MUTANTS</c> names.</summary>
    [Fact]
    [Trait("Tier", "Long")]
    public void ManyRuns_OfEachMutant_BreakItsRule()
    {
        var wanted = Environment.GetEnvironmentVariable("MUTANTS") is { Length: > 0 } names ? names.Split(',') : [""];
        var missed = new StringBuilder();
        output.WriteLine("| mutant | rule | runs | steps | events |\n| --- | --- | --- | --- | --- |");
        foreach (var mutant in Mutant.All.Where(mutant => wanted.Any(mutant.Name.Contains)))
        {
            var context = MutantContext.Load(mutant);
            if (context.Find(0, mutant.IsRestored ? RunsToRestored : ManyRuns, mutant.Rule) is not var (seed, _))
            {
                missed.AppendLine($"{mutant.Name} is not caught.");
                continue;
            }
            var (steps, events, story) = context.Shrink(seed, mutant.Rule);
            // How short a story comes out is left to chance.
            for (var tries = 1; mutant.IsRestored && events > EventsOfRestored && tries < StoriesOfRestored && context.Find(seed + 1, RunsToRestored - (int)seed - 1, mutant.Rule) is var (next, _); tries++)
                (seed, (steps, events, story)) = (next, context.Shrink(next, mutant.Rule));
            output.WriteLine($"| {mutant.Name} | {mutant.Rule} | {seed + 1} | {steps} | {events} |");
            if (mutant.IsRestored && events > EventsOfRestored) missed.AppendLine($"{mutant.Name} is told in {events} events:\n{story}");
        }
        Assert.True(missed.Length == 0, missed.ToString());
    }
}
