using TransactionPipeline.Contract.Simulation.Cluster;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>
/// Makes plans from seeds: one in four without a fault, one in ten with a clock that jumps. One in thirteen is one of three stories, as
/// chance alone comes upon such ones too rarely.
/// </summary>
internal static class PlanMaker
{
    private const int Places = 4;
    private const int Clients = 4;

    public static Plan Make(ulong seed)
    {
        // Far from each other, also where seeds are neighbours.
        var dice = new Dice(new Dice(seed).Next());
        switch (new Dice(~seed).Below(40))
        {
            case 0: return MakeOutage(dice);
            case 1: return MakeQuiet(dice);
            case 2: return MakeOverlap(dice);
        }
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
        if (dice.Percent(20)) steps.Add(new Rest(length + 90_000));
        return new Plan(dice.Next(), setup, [.. steps.OrderBy(step => step.At)]);
    }

    /// <summary>
    /// While the store is away a process whose clock is behind reads newer rows under a lower version than the store has. What it makes of that
    /// when the store is back shows in the moment that a refresh takes.
    /// </summary>
    private static Plan MakeOutage(Dice dice)
    {
        var setup = new Setup(
            Silos: 2, IsCluster: false, Skew: 600_000, Poll: dice.Of(1_500, 4_000), Setup.Ample, HasNotices: dice.Percent(20), HasOneToken: false, IsCostlyToPoll: false,
            IsStepped: dice.Percent(20));
        var (key, month) = (dice.Below(Keys.All.Count / 2), 0);
        var (first, away, back) = (dice.Between(200, 2_000), dice.Between(2_000, 3_000), dice.Between(5_000, 9_000));
        var steps = new List<Step>
        {
            Ask(first, place: 0),
            new StoreFault(away, StoreMode.Down, back - away),
            new Change(dice.Between(away + 1, away + 500), month, dice.Below(256)),
            Ask(dice.Between(away + 600, back - 1), place: 1),
        };
        // Or both read them, each under a version of its own.
        var places = dice.Of(1, 2);
        if (places == 2) steps.Add(Ask(dice.Between(away + 600, back - 1), place: 0));
        // Together with what makes it look again, and around that.
        for (var burst = 0; burst < 12; burst++)
        {
            var at = dice.Between(back, back + 3_000);
            var place = 1 - dice.Below(places);
            steps.Add(Ask(at, place, maxAge: dice.Of(0, 0, 1_000)));
            for (var i = 0; i < 8; i++) steps.Add(Ask(at + dice.Between(1, 50), place));
        }
        return new Plan(dice.Next(), setup, [.. steps.OrderBy(step => step.At)]);

        Ask Ask(int at, int place, int maxAge = -1) => new(at, place, place, key, maxAge, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1);
    }

    /// <summary>A month does not change for longer than a last good answer may be old, and is looked at all the time; then its mart fails, and memory is lost.</summary>
    private static Plan MakeQuiet(Dice dice)
    {
        var setup = new Setup(
            Silos: 1, IsCluster: dice.Percent(50), Skew: 0, Poll: 1_500, Setup.Ample, HasNotices: dice.Percent(50), HasOneToken: dice.Percent(20), IsCostlyToPoll: false,
            IsStepped: dice.Percent(20));
        var (key, fails) = (dice.Below(Keys.All.Count), dice.Between(25_000, 40_000));
        var steps = new List<Step> { new MartFault(fails, MartMode.Fails, 10_000), new Kill(fails + dice.Below(500), 0, dice.Below(3), KnownAfter: 500, RestartsAfter: dice.Between(500, 2_000)) };
        // In the month, but not always for the same.
        for (var at = dice.Below(3_000); at < fails + 9_000; at += dice.Between(500, 3_000))
            steps.Add(new Ask(at, 0, 0, dice.Percent(70) ? key : (key / 4 * 4) + dice.Below(4), MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1));
        return new Plan(dice.Next(), setup, [.. steps.OrderBy(step => step.At)]);
    }

    /// <summary>A month changes again and again while its mart is slow: looks at it overtake each other.</summary>
    private static Plan MakeOverlap(Dice dice)
    {
        const int Length = 8_000;
        var setup = new Setup(
            Silos: dice.Of(1, 1, 2), IsCluster: dice.Percent(30), Skew: 0, Poll: dice.Of(1_500, 10_000), Setup.Ample, HasNotices: dice.Percent(70), HasOneToken: false,
            IsCostlyToPoll: dice.Percent(20), IsStepped: dice.Percent(20));
        var month = dice.Below(Keys.Months.Count);
        var steps = new List<Step> { new MartFault(dice.Below(2_000), MartMode.Slow, Length) };
        for (var at = dice.Below(500); at < Length; at += dice.Between(100, 1_500)) steps.Add(new Change(at, month, dice.Below(256)));
        for (var at = 0; at < Length + 6_000; at += dice.Between(20, 250))
            steps.Add(new Ask(at, dice.Below(2), dice.Below(2), (month * 4) + dice.Below(3), MaxAge: dice.Of(-1, -1, 0), OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1));
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
