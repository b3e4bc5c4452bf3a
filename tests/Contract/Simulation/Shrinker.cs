namespace TransactionPipeline.Contract.Simulation;

/// <summary>
/// Makes of a plan that breaks a rule a smaller one that does: leaves steps out, ever fewer at once, as long as it breaks the same rule
/// (delta debugging). Leaving a step out changes what is left to chance after it, so some other seeds of that are tried too.
/// </summary>
internal static class Shrinker
{
    private const int OtherSchedules = 12;

    /// <summary>A plan that breaks <paramref name="rule"/> and of which no step can be left out.</summary>
    public static Plan Shrink(Plan plan, string rule)
    {
        for (var size = plan.Steps.Count / 2; size > 0; size = size > 1 ? size / 2 : 0)
        {
            for (var isSmaller = true; isSmaller;)
            {
                isSmaller = false;
                for (var at = 0; at < plan.Steps.Count;)
                {
                    Step[] rest = [.. plan.Steps.Take(at), .. plan.Steps.Skip(at + size)];
                    if (TryBreak(plan with { Steps = rest }, rule) is { } smaller) (plan, isSmaller) = (smaller, true);
                    else at += size;
                }
            }
        }
        foreach (var simpler in Simpler(plan)) plan = TryBreak(simpler(plan), rule) ?? plan;
        return plan;
    }

    private static IEnumerable<Func<Plan, Plan>> Simpler(Plan plan)
    {
        for (var silos = 1; silos < plan.Setup.Silos; silos++)
        {
            var fewer = silos;
            yield return tried => fewer < tried.Setup.Silos ? tried with { Setup = tried.Setup with { Silos = fewer } } : tried;
        }
        yield return tried => tried with { Setup = tried.Setup with { IsCluster = false } };
        yield return tried => tried with { Setup = tried.Setup with { HasNotices = false } };
        yield return tried => tried with { Setup = tried.Setup with { HasOneToken = false, IsCostlyToPoll = false } };
        yield return tried => tried with { Setup = tried.Setup with { MaxBytes = Setup.Ample } };
        yield return tried => tried with { Setup = tried.Setup with { Skew = 0 } };
        yield return tried => tried with { Setup = tried.Setup with { Poll = 8_000 } };
    }

    private static Plan? TryBreak(Plan plan, string rule)
    {
        for (var i = 0; i < OtherSchedules; i++)
        {
            var tried = i == 0 ? plan : plan with { Schedule = new Dice(plan.Schedule + (ulong)i).Next() };
            if (Run.Of(tried).Violations.Any(violation => violation.Rule == rule)) return tried;
        }
        return null;
    }
}
