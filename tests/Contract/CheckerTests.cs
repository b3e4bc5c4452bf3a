using System.Text.RegularExpressions;
using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract;

/// <summary>The checker is trusted because it fails where it has to: each rule on a history planted for it, and none on one that is right.</summary>
public sealed partial class CheckerTests
{
    private static readonly DateTimeOffset Start = new(2024, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly MartMonth Month = new("warehouse", "2023-10");
    private static readonly AnswerKey Key = new(Month, "Halal");
    private static readonly AnswerKey Other = new(Month, "Halal B");
    private static readonly Terms Terms = new(S(60), S(600), S(3600), ClockSkew: S(1), MaxBytes: 1000);

    /// <summary>Histories, each with the one rule that it breaks.</summary>
    public static TheoryData<string> Planted => [.. Histories.Keys];

    private static Dictionary<string, HistoryEvent[]> Histories => new(StringComparer.Ordinal)
    {
        ["AgeIsHonest: a change of ten seconds ago is missing from what says it is two seconds old"] =
            [Change(0, 1), Change(50, 2), Ask(60, 1), Answer(60, 1, AnswerOrigin.Hit, rows: 1, age: 2, asOf: 30)],
        ["AgeIsHonest: so it is of a kept answer"] =
            [Change(0, 1), Ask(1, 1), Answer(1, 1, AnswerOrigin.Miss, rows: 1), Change(50, 2), Ask(60, 2, has: 1), Kept(60, 2, AnswerOrigin.Hit, age: 2, asOf: 30)],
        ["AgeWithinBound: a hit is older than fresh_for"] =
            [Change(0, 1), Ask(100, 1), Answer(100, 1, AnswerOrigin.Hit, rows: 1, age: 90)],
        ["AgeWithinBound: a stale answer is older than stale_for"] =
            [Change(0, 1), Ask(900, 1), Answer(900, 1, AnswerOrigin.Stale, rows: 1, age: 800)],
        ["AgeWithinBound: a marked one is older than max_stale_on_error"] =
            [Change(0, 1), Fail(1), Ask(4000, 1), Answer(4000, 1, AnswerOrigin.StaleIfError, rows: 1, age: 3990)],
        ["AgeWithinBound: the caller takes no such age"] =
            [Change(0, 1), Ask(50, 1, maxAge: 10), Answer(50, 1, AnswerOrigin.Hit, rows: 1, age: 40)],
        ["AgeWithinBound: a caller that wants a check gets a hit"] =
            [Change(0, 1), Ask(50, 1, maxAge: 0), Answer(50, 1, AnswerOrigin.Hit, rows: 1, age: 0)],
        ["AnsweredInGoodTime: nothing holds it up"] =
            [Change(0, 1), Ask(1, 1), Answer(11, 1, AnswerOrigin.Miss, rows: 1)],
        ["BytesWithinBudget: a process holds more than it may"] =
            [new Weighed(At(1), "a", 1001)],
        ["DataAsOfIsHonest: the rows lack a change of before"] =
            [Change(0, 1), Change(50, 2), Ask(100, 1), Answer(100, 1, AnswerOrigin.Stale, rows: 1, age: 90, asOf: 60)],
        ["DataAsOfIsHonest: the rows are of a time to come"] =
            [Change(0, 1), Ask(100, 1), Answer(100, 1, AnswerOrigin.Hit, rows: 1, age: 0, asOf: 110)],
        ["EveryQuestionIsAnswered: a follower was forgotten"] =
            [Change(0, 1), Ask(1, 1), Ask(1, 2), new Abandoned(At(2), 1)],
        ["MarkedWhenFailed: nothing has failed"] =
            [Change(0, 1), Ask(100, 1), Answer(100, 1, AnswerOrigin.StaleIfError, rows: 1, age: 90)],
        ["MarkedWhenFailed: another mart has failed"] =
            [Change(0, 1), Fail(1) with { Mart = "operational" }, Ask(100, 1), Answer(100, 1, AnswerOrigin.StaleIfError, rows: 1, age: 90)],
        ["NoEmptyAnswerByFailure: the mart has rows"] =
            [Change(0, 1), Fail(1), Ask(2, 1), new Answered(At(2), 1, 200, V(1), AnswerOrigin.Miss, S(0), At(2), "")],
        ["NoErrorWhileLastGood: this process has answered before"] =
            [Change(0, 1), Ask(1, 1), Answer(1, 1, AnswerOrigin.Miss, rows: 1), Fail(10), StoreDown(10), Ask(20, 2), Error(20, 2)],
        ["NoErrorWhileLastGood: another has, and the store is well"] =
            [Change(0, 1), Ask(1, 1, process: "b"), Answer(1, 1, AnswerOrigin.Miss, rows: 1), Fail(10), Ask(20, 2), Error(20, 2)],
        ["NoErrorWithoutFailure: the mart is well"] =
            [Change(0, 1), Ask(1, 1), Error(1, 1)],
        ["NoErrorWithoutFailure: another mart has failed"] =
            [Change(0, 1), Fail(0) with { Mart = "operational" }, Ask(1, 1), Error(1, 1)],
        ["NoErrorWithoutFailure: nobody asked only for what is cached"] =
            [Change(0, 1), Ask(1, 1), new Answered(At(1), 1, 504)],
        ["NothingIsWatchedForNobody: a month is looked at for good"] =
            [Change(0, 1), Ask(1, 1), Answer(1, 1, AnswerOrigin.Miss, rows: 1), new Watched(At(2000), "a", 1)],
        ["OneQueryPerChange: two processes read the same"] =
            [Change(0, 1), Ask(1, 1), new QueryBegan(At(1), 1, Key), new QueryBegan(At(2), 2, Key), new QueryEnded(At(3), 1, true), new QueryEnded(At(4), 2, true), Answer(4, 1, AnswerOrigin.Miss, rows: 1)],
        ["OneVersionOneContent: other rows under the same version"] =
            [Change(0, 1), Change(1, 2), Ask(2, 1), Answer(2, 1, AnswerOrigin.Miss, rows: 2), Ask(3, 2, process: "b"), Answer(3, 2, AnswerOrigin.Miss, rows: 1, version: 2, age: 2.5, asOf: 0.5)],
        ["OneVersionOneContent: another key under the same version"] =
            [Change(0, 1), Ask(2, 1), Answer(2, 1, AnswerOrigin.Miss, rows: 1), Ask(3, 2, key: Other), Answer(3, 2, AnswerOrigin.Miss, rows: 1)],
        ["RefusedIsNotKept: it is a hit later"] =
            [Change(0, 1), Ask(1, 1), new CommitRefused(At(2), Key, V(1)), Answer(2, 1, AnswerOrigin.Miss, rows: 1), Ask(3, 2), Answer(3, 2, AnswerOrigin.Hit, rows: 1)],
        ["RevalidatedMeansChecked: the token contradicts what is said to be checked"] =
            [Change(0, 1), Change(50, 2), Ask(60, 1, maxAge: 0), Answer(61.5, 1, AnswerOrigin.Revalidated, rows: 1, age: 0, asOf: 30, written: 51)],
        ["RowsAreTheMarts: a row too many, cut at the wrong boundary"] =
            [Change(0, 1), Ask(2, 1), new Answered(At(2), 1, 200, V(1), AnswerOrigin.Miss, S(0), At(2), "Halal Bag=1\nHalan=1")],
        ["RowsAreTheMarts: rows that are yet to come"] =
            [Change(0, 1), Ask(2, 1), Answer(2, 1, AnswerOrigin.Miss, rows: 2), Change(10, 2)],
        ["RowsAreTheMarts: rows whose commit had not begun"] =
            [Change(0, 1), Ask(2, 1), Answer(2, 1, AnswerOrigin.Miss, rows: 2), Change(10, 2) with { VisibleFrom = At(3) }],
        ["RowsNeverGoBack: to one client at one process, under whatever version"] =
            [Change(0, 1), Change(1, 2), Ask(2, 1), Answer(2, 1, AnswerOrigin.Miss, rows: 2), Ask(3, 2), Answer(3, 2, AnswerOrigin.Hit, rows: 1, version: 3, age: 2.5, asOf: 0.5)],
        ["TagIsNeverUndercut: at another process too"] =
            [Change(0, 1), Ask(2, 1, process: "b", has: 5), Answer(2, 1, AnswerOrigin.Hit, rows: 1, version: 4)],
        ["TagIsNeverUndercut: 304 is of another version"] =
            [Change(0, 1), Ask(2, 1, has: 5), new Answered(At(2), 1, 304, V(6), AnswerOrigin.Hit, S(0), At(1))],
        ["VersionsNeverGoBack: to one client at one process"] =
            [Change(0, 1), Ask(2, 1), Answer(2, 1, AnswerOrigin.Miss, rows: 1, version: 5), Ask(3, 2), Answer(3, 2, AnswerOrigin.Hit, rows: 1, version: 4)],
    };

    [Theory]
    [MemberData(nameof(Planted))]
    public void History_BreaksARule_IsFoundByIt(string history) =>
        Assert.Equal([RuleOf(history)], ContractChecker.Judge(Histories[history], Terms).Select(violation => violation.Rule).Distinct());

    [Fact]
    public void EveryRule_HasAHistoryThatBreaksIt() =>
        Assert.Equal(ContractChecker.Rules.Order(StringComparer.Ordinal), Histories.Keys.Select(RuleOf).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The promise in docs/contract.md names the checks that hold it: all of them, and no others.</summary>
    [Fact]
    public void Promise_NamesEveryRule()
    {
        var named = CodeName().Matches(File.ReadAllText(Repository.At("docs", "contract.md"))).Select(name => name.Groups["name"].Value);

        // A class that is no rule is named as well.
        Assert.Equal(ContractChecker.Rules.Order(StringComparer.Ordinal), named.Except([nameof(RegressionTests)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void History_OfARightCache_BreaksNoRule()
    {
        HistoryEvent[] history =
        [
            Change(0, 1),
            Ask(1, 1), Ask(1, 2), new QueryBegan(At(1), 1, Key), new QueryEnded(At(2), 1, true),
            Answer(2, 1, AnswerOrigin.Miss, rows: 1, age: 1), Answer(2, 2, AnswerOrigin.Miss, rows: 1, age: 1),
            Ask(20, 3), Answer(20, 3, AnswerOrigin.Hit, rows: 1, age: 19),
            Ask(21, 4, has: 1), Kept(21, 4, AnswerOrigin.Hit, age: 20, asOf: 1),
            Ask(22, 5, maxAge: 0), Answer(23, 5, AnswerOrigin.Revalidated, rows: 1, age: 1),
            Change(30, 2),
            Ask(70, 6), Answer(70, 6, AnswerOrigin.Hit, rows: 1, age: 48),
            Ask(90, 7), new QueryBegan(At(90), 2, Key), Answer(90, 7, AnswerOrigin.Stale, rows: 1, age: 68), new QueryEnded(At(91), 2, true),
            Ask(92, 8), Answer(92, 8, AnswerOrigin.Hit, rows: 2, age: 2),
            new Weighed(At(93), "a", 1000),
            Fail(100),
            Ask(200, 9, maxAge: 0), Answer(200, 9, AnswerOrigin.StaleIfError, rows: 2, age: 110),
            Ask(201, 10, has: 3, process: "b"), new Answered(At(201), 10, 304, V(3), AnswerOrigin.StaleIfError),
            Ask(202, 11, key: Other), Error(202, 11),
            Ask(203, 12, onlyIfCached: true, key: Other), new Answered(At(203), 12, 504),
        ];

        Assert.Empty(ContractChecker.Judge(history, Terms));
    }

    [Fact]
    public void Commit_WhoseTimeNobodyCanTell_MayBeSeenFromItsBeginningAndIsOwedFromItsEnd()
    {
        HistoryEvent[] history =
        [
            Change(0, 1),
            Ask(11, 1), Answer(11, 1, AnswerOrigin.Miss, rows: 2),
            Ask(18, 2, process: "b"), Answer(18, 2, AnswerOrigin.Hit, rows: 1, age: 1, asOf: 17),
            Change(20, 2) with { VisibleFrom = At(10) },
        ];

        Assert.Empty(ContractChecker.Judge(history, Terms));
    }

    private static string RuleOf(string history) => history[..history.IndexOf(':')];

    private static TimeSpan S(double seconds) => TimeSpan.FromSeconds(seconds);

    private static DateTimeOffset At(double seconds) => Start + S(seconds);

    private static AnswerVersion V(long version) => new(version, 1);

    private static SaleRow[] Rows(int state) => [new("Halal Bag", $"{state}"), new("Halan", $"{state}")];

    private static Changed Change(double at, int state) => new(At(at), Month, Rows(state));

    private static Fault Fail(double at) => new(At(at), FaultKind.MartFails, "mart");

    private static Fault StoreDown(double at) => new(At(at), FaultKind.StoreDown, "store");

    private static Asked Ask(
        double at, int id, double? maxAge = null, bool onlyIfCached = false, long? has = null, string process = "a", AnswerKey? key = null) =>
        new(At(at), id, "Ann", process, key ?? Key, maxAge is { } age ? S(age) : null, onlyIfCached, has is { } version ? V(version) : null);

    private static Answered Answer(
        double at, int id, AnswerOrigin origin, int rows, long? version = null, double age = 0, double? asOf = null, double? written = null) =>
        new(At(at), id, 200, V(version ?? rows), origin, S(age), At(asOf ?? at - age), SaleRow.Text(Rows(rows).Where(row => row.Product.StartsWith("Halal", StringComparison.Ordinal))))
        {
            WrittenAt = At(written ?? at),
        };

    private static Answered Kept(double at, int id, AnswerOrigin origin, double age, double asOf) =>
        new(At(at), id, 304, V(1), origin, S(age), At(asOf));

    private static Answered Error(double at, int id) => new(At(at), id, 500);

    [GeneratedRegex("`(?<name>[A-Z][a-z]+[A-Z][A-Za-z]+)`", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CodeName();
}
