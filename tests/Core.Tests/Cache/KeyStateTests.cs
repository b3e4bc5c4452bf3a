using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>What a key may know and say, whatever happens to it in whatever order, by whatever clock.</summary>
public sealed class KeyStateTests
{
    private static readonly DateTimeOffset Start = new(2023, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly CacheOptions Options = new();

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Events_InAnyOrderByAnyClock_KeepTheRules(int seed)
    {
        for (var run = 0; run < 200; run++) new Story(new Random((seed * 1000) + run)).Run(60);
    }

    [Fact]
    public void Judge_MonthUnchangedSince_IsFreshForEveryKeyOfIt()
    {
        var key = KeyState.Unknown.Loaded().Adopted(Snapshot(1, "a", Start), MonthState.Unknown);
        var now = Start.AddHours(1);

        var judged = key.Judge(CacheDemand.Default, MonthState.Unknown.Heard("a", now, now), Options, now);

        Assert.Equal((Verdict.Serve, CacheResult.Hit, now), (judged.Verdict, judged.Answer.Result, judged.Answer.CheckedAt));
    }

    [Fact]
    public void Heard_ClockWentBackSince_IsTakenAllTheSame()
    {
        var month = MonthState.Unknown.Heard("a", Start, Start);
        var back = Start.AddHours(-1);

        Assert.Equal(new MonthState("b", back), month.Heard("b", back, back));
    }

    [Fact]
    public void Heard_OfBeforeWhatIsKnown_ChangesNothing() =>
        Assert.Equal("b", MonthState.Unknown.Heard("b", Start, Start).Heard("a", Start.AddSeconds(-1), Start).DataVersion);

    [Fact]
    public void Heard_MonthHasChanged_WhatWasRightUntilThenStaysChecked()
    {
        var key = KeyState.Unknown.Loaded().Adopted(Snapshot(1, "a", Start), MonthState.Unknown);
        var (lastRight, changed) = (Start.AddDays(3), Start.AddDays(3).AddSeconds(1));
        var month = MonthState.Unknown.Heard("a", lastRight, lastRight).Heard("b", changed, changed);

        Assert.Equal(lastRight, LastGood(key, month));
        // One that was told of the change keeps it over the next.
        key = key.Checked(month);
        Assert.Equal(lastRight, LastGood(key, month.Heard("c", changed.AddSeconds(1), changed.AddSeconds(1))));
        // Back again, as far as the mart says.
        Assert.Equal(changed.AddSeconds(2), LastGood(key, month.Heard("a", changed.AddSeconds(2), changed.AddSeconds(2))));

        DateTimeOffset? LastGood(KeyState key, MonthState month) =>
            key.LastGood(CacheDemand.Default, month, Options, changed.AddHours(1), new MartException("away", MartFailure.Transient))?.CheckedAt;
    }

    private static Snapshot Snapshot(long version, string dataVersion, DateTimeOffset checkedAt) =>
        new(CacheFixture.Key, new(version, 1), dataVersion, checkedAt, checkedAt, MartRows.Empty);

    /// <summary>One key's life: beside it the same life told by equal values that are other objects, and what a right answer may rest on.</summary>
    private sealed class Story(Random random)
    {
        private static readonly string[] Tokens = ["one", "two", "three"];
        private readonly Dictionary<string, DateTimeOffset> _checks = new(StringComparer.Ordinal);
        private readonly List<string> _told = [];
        private KeyState _key = KeyState.Unknown;
        private KeyState _twin = KeyState.Unknown;
        private MonthState _month = MonthState.Unknown;
        private MonthState _monthTwin = MonthState.Unknown;
        private DateTimeOffset _now = Start;

        public void Run(int events)
        {
            for (var i = 0; i < events; i++)
            {
                // Mostly on, now and then back or far ahead.
                _now += TimeSpan.FromSeconds(random.Next(20) switch { 0 => -random.Next(4000), 1 => random.Next(100_000), _ => random.Next(30) });
                var (before, month) = (_key, _month);
                var told = Happen();
                _told.Add($"{_now:HH:mm:ss} {told}");
                if (told is not ("dropped" or "forgotten") && before.Snapshot is { } held)
                    Holds(_key.Snapshot is { } after && after.Version >= held.Version, "a version never goes back");
                if (told == "failed") Holds(ReferenceEquals(_key.Snapshot, before.Snapshot) && _month == month, "a failure renews nothing");
                foreach (var demand in (CacheDemand[])[CacheDemand.Default, CacheDemand.Check, new(TimeSpan.FromSeconds(30), OnlyIfCached: true)]) Judge(demand);
            }
        }

        private void Judge(CacheDemand demand)
        {
            var judged = _key.Judge(demand, _month, Options, _now);
            Holds(judged == _twin.Judge(demand, _monthTwin, Options, _now), "a judgement does not depend on which object says it");
            if (judged.Verdict is not (Verdict.Serve or Verdict.ServeAndRefresh)) return;
            var answer = judged.Answer;
            Holds(answer.CheckedAt <= _checks[answer.Snapshot.DataVersion], "a check time never goes forward without a check");
            Holds(answer.Result != CacheResult.Hit || !_month.Outdates(answer.Snapshot), "what is outdated is never called fresh");
            Holds(answer.Result != CacheResult.Hit || _now - answer.CheckedAt <= TimeSpan.FromSeconds(Options.FreshForSeconds), "what is old is never called fresh");
            Holds(demand.MaxAge is not { } limit || _now - answer.CheckedAt <= limit, "nothing is older than the caller takes");
            Holds(
                answer.Result == CacheResult.StaleOnError || _now - answer.CheckedAt <= TimeSpan.FromSeconds(Options.FreshForSeconds + Options.StaleForSeconds),
                "nothing unmarked is older than it may be");
        }

        private string Happen()
        {
            switch (random.Next(10))
            {
                case 0:
                    Both(key => key.Loaded());
                    return "loaded";
                case 1 or 2:
                    return Adopt();
                case 3 or 4:
                    return Hear();
                case 5:
                    Both(key => key.Began());
                    return "began";
                case 6:
                    Both(key => key.Refreshed());
                    return "refreshed";
                case 7:
                    var failure = new KeyFailure(new MartException("the mart failed", MartFailure.Transient), _now.AddSeconds(5));
                    Both(key => key.Failed(failure));
                    return "failed";
                case 8:
                    Both(key => key.LeftToAnother());
                    return "lease lost";
                default:
                    if (random.Next(4) > 0) return "asked";
                    if (random.Next(2) == 0)
                    {
                        (_key, _twin) = (KeyState.Unknown, KeyState.Unknown);
                        return "dropped";
                    }
                    Both(key => key.Forgotten());
                    return "forgotten";
            }
        }

        private string Adopt()
        {
            var snapshot = Snapshot(random.Next(1, 30), Token(), _now.AddSeconds(-random.Next(100)));
            Checked(snapshot.DataVersion, snapshot.CheckedAt);
            _key = _key.Adopted(snapshot, _month);
            _twin = _twin.Adopted(snapshot with { DataVersion = new string(snapshot.DataVersion.AsSpan()) }, _monthTwin);
            return $"adopted {snapshot.Version} of {snapshot.DataVersion} as of {snapshot.CheckedAt:HH:mm:ss}";
        }

        private string Hear()
        {
            // What is from later than now says nothing.
            var (token, asOf) = (Token(), _now.AddSeconds(random.Next(-60, 20)));
            if (asOf <= _now) Checked(token, asOf);
            _month = _month.Heard(token, asOf, _now);
            _monthTwin = _monthTwin.Heard(new string(token.AsSpan()), asOf, _now);
            return $"heard {token} as of {asOf:HH:mm:ss}";
        }

        private void Both(Func<KeyState, KeyState> transition) => (_key, _twin) = (transition(_key), transition(_twin));

        private string Token() => Tokens[random.Next(Tokens.Length)];

        private void Checked(string token, DateTimeOffset at)
        {
            if (!_checks.TryGetValue(token, out var last) || at > last) _checks[token] = at;
        }

        private void Holds(bool holds, string rule) => Assert.True(holds, $"{rule}:\n{string.Join('\n', _told)}");
    }
}
