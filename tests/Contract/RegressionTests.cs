using TransactionPipeline.Contract.Simulation;

namespace TransactionPipeline.Contract;

/// <summary>What the simulation has found, each in the shortest story that showed it.</summary>
public sealed class RegressionTests
{
    /// <summary>
    /// A silo stood still, and then took the news that had come meanwhile for what the mart had had just now: it told outdated rows to be
    /// milliseconds old.
    /// </summary>
    [Fact]
    public void News_ThatWaitedInAFrozenSilo_RenewsNothing() => KeepsTheContract(new Plan(
        8935374016297578737,
        new Setup(Silos: 3, IsCluster: true, Skew: 0, Poll: 10000, MaxBytes: 1048576, HasNotices: false, HasOneToken: false, IsCostlyToPoll: false, IsStepped: false),
        [
            new Ask(5063, Client: 0, Place: 0, Key: 7, MaxAge: -1, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
            new Freeze(5139, Place: 2, Time: 18438, KnownAfter: 6073),
            new Ask(19536, Client: 1, Place: 3, Key: 6, MaxAge: 0, OnlyIfCached: false, NamesVersion: false, LeavesAfter: 168),
            new Change(19726, Month: 1, What: 32),
            new Change(20664, Month: 1, What: 103),
            new Ask(21607, Client: 2, Place: 2, Key: 6, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
        ]));

    /// <summary>
    /// A look at a slow mart that began earlier and ended later than another found a newer token. Its rows were the answer, but not what the
    /// key had from then on: the next question was answered with an older version.
    /// </summary>
    [Fact]
    public void Refresh_ByALookThatAnotherOvertook_AnswersWhatIsHeld() => KeepsTheContract(new Plan(
        3594959028901674476,
        new Setup(Silos: 1, IsCluster: false, Skew: 0, Poll: 8000, MaxBytes: 1048576, HasNotices: true, HasOneToken: false, IsCostlyToPoll: false, IsStepped: false),
        [
            new Ask(264, Client: 0, Place: 0, Key: 5, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
            new Ask(265, Client: 2, Place: 0, Key: 5, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
            new Change(578, Month: 0, What: 45),
            new Ask(1210, Client: 0, Place: 0, Key: 6, MaxAge: 0, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
            new Change(2703, Month: 0, What: 56),
            new MartFault(2821, MartMode.Slow, Time: 6881),
            new Ask(3030, Client: 3, Place: 0, Key: 4, MaxAge: -1, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
            new Ask(3097, Client: 2, Place: 2, Key: 5, MaxAge: 0, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
            new Change(4005, Month: 0, What: 73),
            new Change(4439, Month: 1, What: 2),
            new Change(5160, Month: 1, What: 61),
            new Change(5312, Month: 0, What: 235),
            new Ask(5870, Client: 0, Place: 1, Key: 6, MaxAge: 0, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
            new Change(5881, Month: 1, What: 100),
            new Ask(8353, Client: 2, Place: 1, Key: 5, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
        ]));

    /// <summary>
    /// A refresh found that the month had been checked as it was asked to be; before its caller had the answer, the month changed. The answer,
    /// told to be revalidated, had the age of its rows' own check, long ago.
    /// </summary>
    [Fact]
    public void Refresh_ByTheCheckOfAMonthThatChangesMeanwhile_IsAsYoungAsThatCheck() => KeepsTheContract(new Plan(
        12029886149466516655,
        new Setup(Silos: 3, IsCluster: false, Skew: 0, Poll: 1500, MaxBytes: 1048576, HasNotices: false, HasOneToken: false, IsCostlyToPoll: false, IsStepped: true),
        [
            new Ask(1226, Client: 3, Place: 2, Key: 5, MaxAge: -1, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
            new Ask(9510, Client: 1, Place: 2, Key: 4, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
            new StoreFault(15211, StoreMode.Slow, Time: 3578),
            new Ask(15356, Client: 2, Place: 2, Key: 5, MaxAge: 0, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
            new Change(17980, Month: 1, What: 223),
        ]));

    /// <summary>
    /// While the store is away a process whose clock is behind reads newer rows under a lower version than the store has. When it is back, the
    /// higher number alone must not bring the older rows back, not even for as long as a refresh takes.
    /// </summary>
    [Fact]
    public void Store_BackWithOlderRowsOfAHigherVersion_BringsThemToNobody()
    {
        for (var schedule = 0UL; schedule < 400; schedule++)
        {
            KeepsTheContract(new Plan(
                new Dice(schedule).Next(),
                new Setup(Silos: 2, IsCluster: false, Skew: 600_000, Poll: 1500, MaxBytes: Setup.Ample, HasNotices: false, HasOneToken: false, IsCostlyToPoll: false, IsStepped: false),
                [
                    new Ask(1000, Client: 0, Place: 0, Key: 0, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
                    new StoreFault(2000, StoreMode.Down, Time: 4000),
                    new Change(2500, Month: 0, What: 0),
                    new Ask(3000, Client: 1, Place: 1, Key: 0, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
                    new Ask(7000, Client: 1, Place: 1, Key: 0, MaxAge: 0, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
                    .. Enumerable.Range(0, 12).Select(i => new Ask(
                        7002 + (3 * i), Client: 1, Place: 1, Key: 0, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1)),
                ]));
        }
    }

    /// <summary>
    /// A key's rows had been read long before, and its month looked at ever since. Its last good answer was gone with its memory: the store
    /// knew of the reading alone.
    /// </summary>
    [Fact]
    public void LastGood_OfAKeyThatWasEvicted_IsAsYoungAsTheLastLookAtItsMonth() => KeepsTheContract(new Plan(
        14268406988609073506,
        new Setup(Silos: 1, IsCluster: true, Skew: 0, Poll: 8000, MaxBytes: 3892, HasNotices: false, HasOneToken: false, IsCostlyToPoll: false, IsStepped: false),
        [
            new Ask(4833, Client: 2, Place: 0, Key: 4, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
            new MartFault(24990, MartMode.Fails, Time: 13923),
            new Ask(25246, Client: 1, Place: 0, Key: 4, MaxAge: 0, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
            new Ask(25375, Client: 1, Place: 0, Key: 1, MaxAge: 0, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
            new Ask(25419, Client: 2, Place: 3, Key: 4, MaxAge: -1, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
            new Ask(30746, Client: 0, Place: 2, Key: 0, MaxAge: 15040, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
        ]));

    /// <summary>The same after a new start, and after a change of the month that another key was read for.</summary>
    [Fact]
    public void LastGood_OfAKeyWhoseMonthHasChangedSince_IsAsYoungAsTheLastLookBefore() => KeepsTheContract(new Plan(
        5681254621041817577,
        new Setup(Silos: 1, IsCluster: false, Skew: 0, Poll: 4000, MaxBytes: 1048576, HasNotices: false, HasOneToken: false, IsCostlyToPoll: false, IsStepped: false),
        [
            new Ask(11133, Client: 3, Place: 0, Key: 7, MaxAge: -1, OnlyIfCached: false, NamesVersion: true, LeavesAfter: -1),
            new Ask(15820, Client: 1, Place: 1, Key: 7, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: 240),
            new Kill(23730, Place: 0, AfterTasks: 0, KnownAfter: 2050, RestartsAfter: 3899),
            new Change(24161, Month: 1, What: 250),
            new Ask(28373, Client: 0, Place: 2, Key: 6, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
            new MartFault(29462, MartMode.Fails, Time: 2466),
            new Ask(31552, Client: 2, Place: 3, Key: 7, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
        ]));

    /// <summary>The same in memory: the month had another token by then, and nobody had kept how long the one before was known to be right.</summary>
    [Fact]
    public void LastGood_WhenTheMonthHasJustChanged_IsAsYoungAsTheLastLookBefore() => KeepsTheContract(new Plan(
        1,
        new Setup(Silos: 1, IsCluster: false, Skew: 0, Poll: 1500, MaxBytes: 1048576, HasNotices: false, HasOneToken: false, IsCostlyToPoll: false, IsStepped: false),
        [
            .. Enumerable.Range(0, 7).Select(i => new Ask(1000 + (4000 * i), Client: 0, Place: 0, Key: 0, MaxAge: -1, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1)),
            new Change(25100, Month: 0, What: 1),
            new Ask(25200, Client: 0, Place: 0, Key: 1, MaxAge: 0, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
            new MartFault(25215, MartMode.Fails, Time: 4000),
            new Ask(26000, Client: 0, Place: 0, Key: 0, MaxAge: 0, OnlyIfCached: false, NamesVersion: false, LeavesAfter: -1),
        ]));

    private static void KeepsTheContract(Plan plan)
    {
        var violations = Run.Of(plan).Violations;
        Assert.True(violations.Count == 0, violations.Count == 0 ? "" : Story.Of(plan));
    }
}
