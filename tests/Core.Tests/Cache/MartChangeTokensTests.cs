using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Cache;

public sealed class MartChangeTokensTests
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
        var tokens = Tokens();

        for (var second = 0; second < 60; second++)
        {
            await LookAsync(tokens);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(asked, _mart.Tokens);
    }

    [Fact]
    public async Task Look_CostlyMartKnownToHaveChanged_AsksAtOnce()
    {
        _mart.IsCostlyToPoll = true;
        var tokens = Tokens();
        var first = await LookAsync(tokens);
        _mart.Version = "2";

        Assert.Equal(first, await LookAsync(tokens));
        Assert.Equal("2", (await LookAsync(tokens, woken: true)).DataVersion);
        Assert.Equal("2", (await LookAsync(tokens)).DataVersion);
        Assert.Equal(2, _mart.Tokens);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 3)]
    public async Task Look_AtSeveralMonths_AsksAMartWithOneTokenOnce(bool hasOneToken, int asked)
    {
        (_mart.IsCostlyToPoll, _mart.HasOneToken) = (true, hasOneToken);
        var tokens = Tokens();
        Month[] months = [October, October.AddMonths(-1), October.AddMonths(1)];

        var seen = await tokens.LookAsync(Mart.Warehouse, months, woken: false, CancellationToken.None);
        Assert.Equal(months, seen.Select(token => token.Month));
        Assert.Equal(seen.Reverse(), await tokens.LookAsync(Mart.Warehouse, [.. months.Reverse()], woken: false, CancellationToken.None));

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

    private MartChangeTokens Tokens() => new(
        new Dictionary<Mart, IMartSource> { [Mart.Warehouse] = _mart }, Options.Create(new CacheOptions()), _time);

    private static async Task<MonthToken> LookAsync(MartChangeTokens tokens, bool woken = false) =>
        (await tokens.LookAsync(Mart.Warehouse, [October], woken, CancellationToken.None)).Single();
}
