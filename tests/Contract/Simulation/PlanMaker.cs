using TransactionPipeline.Contract.Simulation.Cluster;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>Makes plans from seeds: one in four without a fault, one in ten with a clock that jumps.</summary>
internal static class PlanMaker
{
    private const int Places = 4;
    private const int Clients = 4;

    public static Plan Make(ulong seed)
    {
        // Far from each other, also where seeds are neighbours.
        var dice = new Dice(new Dice(seed).Next());
        var length = dice.Between(12_000, 40_000);
        var setup = new Setup(
            Silos: dice.Of(1, 2, 2, 3, 3, 3, 4),
            IsCluster: dice.Percent(75),
            Skew: dice.Of(0, 0, 2_000, 600_000),
            Poll: dice.Of(1_500, 4_000, 10_000),
            MaxBytes: dice.Percent(25) ? dice.Between(2_000, 5_000) : Setup.Ample,
            HasNotices: dice.Percent(60),
            HasOneToken: dice.Percent(20),
            IsCostlyToPoll: dice.Percent(20),
            IsStepped: dice.Percent(20));
        var steps = new List<Step>();
        AddChanges(steps, dice, length);
        if (dice.Percent(75)) AddFaults(steps, dice, length, mayJump: dice.Percent(10));
        AddQuestions(steps, dice, length, [.. steps.SelectMany(Moments)]);
        if (dice.Percent(10)) steps.Add(new Rest(length + 90_000));
        return new Plan(dice.Next(), setup, [.. steps.OrderBy(step => step.At)]);
    }

    /// <summary>When something becomes other than it was.</summary>
    private static int[] Moments(Step step) => step switch
    {
        MartFault fault => [fault.At, fault.At + fault.Time],
        StoreFault fault => [fault.At, fault.At + fault.Time],
        NetworkFault fault => [fault.At, fault.At + fault.Time],
        Freeze freeze => [freeze.At, freeze.At + freeze.Time],
        Kill kill => [kill.At, kill.At + kill.RestartsAfter],
        _ => [step.At],
    };

    private static void AddQuestions(List<Step> steps, Dice dice, int length, int[] moments)
    {
        // Few keys, asked often; now and then all.
        var keys = dice.Of(1, 2, 3, 8);
        var first = dice.Below(Keys.All.Count);
        for (var left = dice.Between(60, 120); left > 0;)
        {
            // Where it matters, and together, as often as not.
            var at = dice.Percent(50) ? Math.Min(length, dice.Of<int>(moments) + dice.Below(500)) : dice.Below(length);
            for (var together = dice.Percent(40) ? dice.Between(2, 5) : 1; together > 0 && left > 0; together--, left--)
            {
                steps.Add(new Ask(
                    at + dice.Below(40), dice.Below(Clients), dice.Below(Places), (first + dice.Below(keys)) % Keys.All.Count,
                    MaxAge: dice.Below(10) switch { 0 or 1 => 0, 2 => dice.Between(1, 20_000), _ => -1 },
                    OnlyIfCached: dice.Percent(5), NamesVersion: dice.Percent(40), LeavesAfter: dice.Percent(10) ? dice.Between(1, 400) : -1));
            }
        }
    }

    private static void AddChanges(List<Step> steps, Dice dice, int length)
    {
        for (var left = dice.Between(2, 14); left > 0; left--) steps.Add(new Change(dice.Below(length), dice.Below(Keys.Months.Count), dice.Below(256)));
    }

    private static void AddFaults(List<Step> steps, Dice dice, int length, bool mayJump)
    {
        // In every other run many of a few kinds.
        var kinds = mayJump ? 20 : 18;
        int[] few = [dice.Below(kinds), dice.Below(kinds), 9];
        var isFew = dice.Percent(50);
        for (var left = dice.Between(1, 6); left > 0; left--)
        {
            var (at, time) = (dice.Below(length), dice.Percent(30) ? dice.Between(5_000, 20_000) : dice.Between(100, 5_000));
            var (place, key) = (dice.Below(Places), dice.Below(Keys.All.Count));
            steps.Add((isFew ? dice.Of<int>(few) : dice.Below(kinds)) switch
            {
                0 or 1 => new Kill(at, place, dice.Below(60), KnownAfter: dice.Between(200, 5_000), RestartsAfter: dice.Between(200, 6_000)),
                2 or 3 => new Freeze(at, place, time, KnownAfter: dice.Between(2_000, 12_000)),
                4 => new Leave(at, place),
                5 => new Join(at, place),
                6 or 7 => new StoreFault(at, dice.Of(StoreMode.Down, StoreMode.Down, StoreMode.Hangs, StoreMode.Slow, StoreMode.ReadOnly), time),
                8 => new RestoreStore(at),
                9 or 10 => new MartFault(at, dice.Of(MartMode.Fails, MartMode.Fails, MartMode.Slow, MartMode.NoBudget), time),
                11 => new ChangeTokenFirst(at, dice.Below(Keys.Months.Count), dice.Between(1, 3_000)),
                12 => new GoBack(at, dice.Below(Keys.Months.Count), dice.Between(1, 3), TokenToo: dice.Percent(30)),
                13 or 14 => new NetworkFault(at, dice.Of(NetworkMode.Loses, NetworkMode.Delays, NetworkMode.Doubles), dice.Of(10, 50, 100), time),
                15 => dice.Percent(50) ? new LoseNotices(at, time) : new Drop(at, place, key),
                16 => new Deactivate(at, key),
                17 => new Split(at, dice.Percent(20) ? Keys.All.Count : key, time),
                _ => new Jump(at, place, dice.Between(-120_000, 120_000)),
            });
            if (steps[^1] is RestoreStore) steps.Add(new CopyStore(dice.Below(at + 1)));
        }
    }
}
