using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>What orders answers: it rises whatever clocks do, and is unique without asking anybody.</summary>
public sealed class VersionClockTests
{
    private static readonly DateTimeOffset Noon = new(2023, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly SteppedTime _time = new(Noon);
    private readonly VersionClock _clock;

    public VersionClockTests() => _clock = new VersionClock(_time, 7);

    [Fact]
    public void Next_ClockRuns_IsItsMicroseconds()
    {
        Assert.Equal(new SnapshotVersion(1_698_840_000_000_000, 7), _clock.Next());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new SnapshotVersion(1_698_840_001_000_000, 7), _clock.Next());
    }

    [Fact]
    public void Next_ClockStandsStill_RisesAllTheSame()
    {
        var versions = Enumerable.Range(0, 100).Select(_ => _clock.Next()).ToList();

        Assert.Equal(versions.Order().Distinct(), versions);
    }

    [Fact]
    public void Next_ClockWasYearsAheadBefore_GoesOnAboveIt()
    {
        var before = new VersionClock(new SteppedTime(Noon.AddYears(80)), 7).Next();

        var next = _clock.Next(before);

        Assert.Equal(before.Time + 1, next.Time);
        Assert.True(_clock.Next() > next);
    }

    [Fact]
    public void Next_AfterWhatWasSeenElsewhere_IsAboveIt()
    {
        var seen = new SnapshotVersion(_clock.Next().Time + 5_000_000, long.MaxValue);

        _clock.Observe(seen);

        Assert.True(_clock.Next() > seen);
    }

    [Fact]
    public async Task Next_OnManyThreads_IsNeverGivenTwice()
    {
        var versions = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => Enumerable.Range(0, 1000).Select(_ => _clock.Next()).ToList())));

        Assert.Equal(8000, versions.SelectMany(one => one).Distinct().Count());
        Assert.All(versions, one => Assert.Equal(one.Order(), one));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(253_402_300_800_000_000)]
    public void Observe_TimeThatNoCalendarHas_IsIgnored(long time)
    {
        _clock.Observe(new SnapshotVersion(time, 1));

        Assert.Equal(1_698_840_000_000_000, _clock.Next().Time);
    }

    [Fact]
    public void MayHaveBeenIssued_IsWhatWasSeenOrWhatACloseClockHas()
    {
        var now = _clock.Next().Time;

        Assert.True(_clock.MayHaveBeenIssued(new(3, 0)));
        Assert.True(_clock.MayHaveBeenIssued(new(now + 3_600_000_000, 1)));
        Assert.False(_clock.MayHaveBeenIssued(new(now + 90_000_000_000, 1)));
        Assert.False(_clock.MayHaveBeenIssued(new(long.MaxValue, 1)));
        _clock.Observe(new SnapshotVersion(now + 90_000_000_000, 1));
        Assert.True(_clock.MayHaveBeenIssued(new(now + 90_000_000_000, 1)));
    }

    [Theory]
    [InlineData(0, 0, "0-0")]
    [InlineData(1_698_840_000_000_000, 255, "1698840000000000-ff")]
    [InlineData(1, -1, "1-ffffffffffffffff")]
    public void Version_Text_IsReadAsItWasWritten(long time, long issuer, string text)
    {
        Assert.Equal(text, new SnapshotVersion(time, issuer).ToString());
        Assert.True(SnapshotVersion.TryParse(text, out var read));
        Assert.Equal(new(time, issuer), read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("5")]
    [InlineData("-1-ff")]
    [InlineData("1-")]
    [InlineData("1-xyz")]
    [InlineData("99999999999999999999-1")]
    [InlineData("1-10000000000000000")]
    [InlineData("m0123456789abcdef")]
    public void Version_OtherText_IsNone(string text) => Assert.False(SnapshotVersion.TryParse(text, out _));

    [Fact]
    public void Version_Order_IsByTimeThenIssuer()
    {
        SnapshotVersion[] ordered = [SnapshotVersion.None, new(1, 5), new(2, -3), new(2, 4), new(3, 0)];

        Assert.Equal(ordered, ordered.Reverse().Order());
        Assert.Equal(new(2, 4), SnapshotVersion.Max(new(2, 4), new(2, -3)));
        Assert.True(new SnapshotVersion(2, 4) >= new SnapshotVersion(2, 4) && new SnapshotVersion(2, 4) <= new SnapshotVersion(2, 4));
    }
}
