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

    /// <summary>All mutants.</summary>
    public static TheoryData<string> Names => [.. Mutant.All.Select(mutant => mutant.Name)];

    [Fact]
    public void Mutants_ApplyCompileAndNameTheirRule()
    {
        Assert.True(Mutant.All.Count >= 30);
        Assert.All(Mutant.All, mutant =>
        {
            Assert.Contains(mutant.Rule, ContractChecker.Rules.Append(Run.Endless));
            var changed = MutableAssembly.All.Where(assembly => assembly.IsChangedBy(mutant.Patch)).ToList();
            Assert.NotEmpty(changed);
            foreach (var assembly in changed) assembly.Check(mutant.Patch);
        });
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

    /// <summary>Prints a line of a table for each.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Tier", "Long")]
    public void ManyRuns_OfAMutant_BreakItsRule(string name)
    {
        var mutant = Mutant.All.Single(one => one.Name == name);
        var context = MutantContext.Load(mutant);
        var runs = mutant.IsRestored ? RunsToRestored : ManyRuns;
        var caught = context.Find(0, runs, mutant.Rule);
        Assert.NotNull(caught);
        var (first, _) = caught.Value;
        var (steps, events, story) = context.Shrink(first, mutant.Rule);
        // How short a story comes out is left to chance.
        for (var tries = 1; mutant.IsRestored && events > EventsOfRestored && tries < StoriesOfRestored && caught is var (seed, _); tries++)
        {
            caught = context.Find(seed + 1, runs - (int)seed - 1, mutant.Rule);
            if (caught is var (next, _)) (steps, events, story) = context.Shrink(next, mutant.Rule);
        }
        output.WriteLine($"| {mutant.Name} | {mutant.Rule} | {first + 1} | {steps} | {events} |");
        Assert.False(mutant.IsRestored && events > EventsOfRestored, story);
    }
}
