using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Core.Tests.Watch;

/// <summary>What looking costs the mart.</summary>
public sealed class MartWatchCostTests
{
    private static readonly Month October = new(2023, 10);
    private readonly FakeTimeProvider _time = new();
    private readonly FakeMart _mart = new();

    [Theory]
    [InlineData(true, 4)]
    [InlineData(false, 60)]
    public async Task Look_OnceASecondForAMinute_AsksACostlyMartEvery15Seconds(bool costly, int asked)
    {
        _mart.IsCostlyToPoll = costly;
        var watch = Watch();

        for (var second = 0; second < 60; second++)
        {
            await LookAsync(watch);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(asked, _mart.Tokens);
    }

    [Fact]
    public async Task Look_CostlyMartKnownToHaveChanged_AsksAtOnce()
    {
        _mart.IsCostlyToPoll = true;
        var watch = Watch();
        var first = await LookAsync(watch);
        _mart.Version = "2";

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(first, await LookAsync(watch));
        Assert.Equal("2", (await LookAsync(watch, woken: true)).DataVersion);
        Assert.Equal("2", (await LookAsync(watch)).DataVersion);
        Assert.Equal(2, _mart.Tokens);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 3)]
    public async Task Look_AtSeveralMonths_AsksAMartWithOneTokenOnce(bool hasOneToken, int asked)
    {
        (_mart.IsCostlyToPoll, _mart.HasOneToken) = (true, hasOneToken);
        var watch = Watch();
        Month[] months = [October, October.AddMonths(-1), October.AddMonths(1)];

        var seen = (await watch.LookAsync(months, woken: false, CancellationToken.None)).Tokens;
        Assert.Equal(months, seen.Select(token => token.Month));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(seen.Reverse(), (await watch.LookAsync([.. months.Reverse()], woken: false, CancellationToken.None)).Tokens);

        Assert.Equal(asked, _mart.Tokens);
    }

    [Theory]
    [InlineData(0.05, 15, "cache:poll_seconds")]
    [InlineData(double.NaN, 15, "cache:poll_seconds")]
    [InlineData(1, 0.5, "cache:slow_poll_seconds")]
    [InlineData(1, 15, null)]
    public void Options_PollTooOften_NamesTheSetting(double poll, double slow, string? setting)
    {
        var problem = new CacheOptions { PollSeconds = poll, SlowPollSeconds = slow }.Problem;

        if (setting is null) Assert.Null(problem);
        else Assert.Contains(setting, problem, StringComparison.Ordinal);
    }

    private MartWatch Watch() => Watches.Over(_mart, new CacheOptions(), _time);

    private static async Task<MonthToken> LookAsync(MartWatch watch, bool woken = false) =>
        (await watch.LookAsync([October], woken, CancellationToken.None)).Tokens.Single();
}
