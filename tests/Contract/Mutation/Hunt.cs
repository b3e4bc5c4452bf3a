using TransactionPipeline.Contract.Simulation;

namespace TransactionPipeline.Contract.Mutation;

/// <summary>Looks for runs that break the contract, by the code that it is loaded with, see <see cref="MutantContext"/>.</summary>
internal static class Hunt
{
    /// <summary>The first seed, of so many from <paramref name="seed"/> on, whose run breaks a rule, or that rule; null when none does.</summary>
    public static (ulong Seed, string Rule)? Find(ulong seed, int runs, string? rule)
    {
        var looking = Parallel.For((long)seed, (long)seed + runs, (number, loop) =>
        {
            if (Broken(number) is not null) loop.Break();
        });
        return looking.LowestBreakIteration is { } lowest ? ((ulong)lowest, Broken(lowest)!) : null;

        string? Broken(long number) =>
            Run.Of(PlanMaker.Make((ulong)number)).Violations.FirstOrDefault(violation => rule is null || violation.Rule == rule)?.Rule;
    }

    /// <summary>The smallest plan that breaks the rule as the seed's does: its steps, the events of its history, and the story of both.</summary>
    public static (int Steps, int Events, string Story) Shrink(ulong seed, string rule)
    {
        var plan = Shrinker.Shrink(PlanMaker.Make(seed), rule);
        return (plan.Steps.Count, Run.Of(plan).History.Count, Story.Of(plan));
    }
}
