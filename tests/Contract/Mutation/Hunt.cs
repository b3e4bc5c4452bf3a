using TransactionPipeline.Contract.Simulation;

namespace TransactionPipeline.Contract.Mutation;

/// <summary>Looks for runs that break the contract, by the code that it is loaded with, see <see cref="MutantContext"/>.</summary>
internal static class Hunt
{
    /// <summary>The first seed, of so many from <paramref name="seed"/> on, whose run breaks a rule, or that rule; null when none does.</summary>
    public static (ulong Seed, string Rule)? Find(ulong seed, int runs, string? rule)
    {
        return Seeds.FindFailing(seed, (ulong)runs, number => Broken(number) is null) is { } lowest ? (lowest, Broken(lowest)!) : null;

        string? Broken(ulong number) =>
            Run.Of(PlanMaker.Make(number)).Violations.FirstOrDefault(violation => rule is null || violation.Rule == rule)?.Rule;
    }

    /// <summary>The smallest plan that breaks the rule as the seed's does: its steps, the events of its history, and the story of both.</summary>
    public static (int Steps, int Events, string Story) Shrink(ulong seed, string rule)
    {
        var plan = Shrinker.Shrink(PlanMaker.Make(seed), rule);
        return (plan.Steps.Count, Run.Of(plan).History.Count, Story.Of(plan));
    }
}
