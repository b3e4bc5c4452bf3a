using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Tests.Cache;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Core.Tests.Watch;

/// <summary>The default month: asked for rarely, never older than a change that is known.</summary>
public sealed class NewestMonthTests
{
    private static readonly Month October = new(2023, 10);
    private static readonly Month November = new(2023, 11);
    private readonly FakeTimeProvider _time = new();
    private readonly FakeMart _mart = new();
    private readonly NewestMonth _newest;

    public NewestMonthTests() =>
        _newest = new NewestMonth(() => MartWatch.AskNewestMonthAsync(_mart, _time), new CacheOptions(), _time, TaskScheduler.Default);

    [Fact]
    public async Task Get_ManyAtOnce_AskTheMartOnce()
    {
        var months = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => GetAsync()));

        Assert.All(months, month => Assert.Equal(October, month));
        Assert.Equal(1, _mart.NewestMonths);
    }

    [Fact]
    public async Task Get_Stale_IsAnsweredAtOnceAndAskedForBehind()
    {
        await GetAsync();
        _mart.NewestMonth = November;
        _time.Advance(TimeSpan.FromMinutes(2));
        _mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        Assert.Equal(October, await GetAsync());

        _mart.Gate.SetResult();
        // Old enough to be waited for: this caller shares the question that runs, or gets its answer.
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(November, await GetAsync());
    }

    [Fact]
    public async Task Get_MartFails_TheLastKnownGoesOn()
    {
        await GetAsync();
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(October, await GetAsync());
    }

    [Fact]
    public async Task Get_NeverKnownAndMartFails_Fails()
    {
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);

        await Assert.ThrowsAsync<MartException>(GetAsync);
    }

    [Fact]
    public async Task Get_EmptyMart_IsAskedEachTime()
    {
        _mart.NewestMonth = null;
        Assert.Null(await GetAsync());
        _mart.NewestMonth = October;

        Assert.Equal(October, await GetAsync());
    }

    [Fact]
    public async Task Outdate_WhileTheMartIsAsked_DropsTheAnswerFromBeforeTheChange()
    {
        _mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var early = GetAsync();
        await CacheFixture.InTimeAsync(_mart.ReadBegan.Task, "the first question");
        _mart.NewestMonth = November;
        _newest.Outdate();
        _mart.Gate.SetResult();
        await early;

        Assert.Equal(November, await GetAsync());
    }

    [Fact]
    public async Task Outdate_AndTheMartFails_FailsAndKeepsWhatWasKnown()
    {
        await GetAsync();
        _newest.Outdate();
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);

        await Assert.ThrowsAsync<MartException>(GetAsync);
        Assert.Equal((null, October), (_newest.Known, _newest.LastKnown!.Month));
    }

    [Fact]
    public async Task Hear_WhatIsNewer_IsTakenWithoutAQuestion()
    {
        await GetAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        _newest.Hear(new KnownMonth(November, _time.GetUtcNow()), _newest.Changes);
        _newest.Hear(new KnownMonth(October, _time.GetUtcNow() - TimeSpan.FromSeconds(1)), _newest.Changes);

        Assert.Equal(November, await GetAsync());
        Assert.Equal(1, _mart.NewestMonths);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Hear_WhatWasAskedForBeforeAChange_IsNoAnswer(bool isAnyKnown)
    {
        if (isAnyKnown) await GetAsync();
        var changes = _newest.Changes;
        _time.Advance(TimeSpan.FromSeconds(10));
        _newest.Outdate();
        _newest.Hear(new KnownMonth(October, _time.GetUtcNow()), changes);

        Assert.Null(_newest.Known);
    }

    [Fact]
    public void Hear_WhatWasAskedForAfterAChange_IsTakenHoweverOldItSaysThatItIs()
    {
        _newest.Hear(new KnownMonth(October, _time.GetUtcNow()), _newest.Changes);
        _newest.Outdate();
        // The same month, and older by its time on the way.
        _newest.Hear(new KnownMonth(October, _time.GetUtcNow() - TimeSpan.FromMilliseconds(3)), _newest.Changes);

        Assert.Equal(October, _newest.Known?.Month);
    }

    [Fact]
    public void Hear_FromLaterThanNow_IsNotTaken()
    {
        _newest.Hear(new KnownMonth(October, _time.GetUtcNow() + TimeSpan.FromHours(1)), _newest.Changes);

        Assert.Null(_newest.Known);
    }

    [Fact]
    public async Task Get_AskedOfAnotherProcess_IsAsOldAsItSays()
    {
        var asked = 0;
        var known = new KnownMonth(October, _time.GetUtcNow() - TimeSpan.FromSeconds(50));
        var newest = new NewestMonth(
            () =>
            {
                asked++;
                return Task.FromResult(known);
            },
            new CacheOptions(),
            _time,
            TaskScheduler.Default);

        await newest.FindAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(10));
        await newest.FindAsync(CancellationToken.None);
        Assert.Equal(1, asked);

        known = new KnownMonth(November, _time.GetUtcNow());
        _time.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(November, (await newest.FindAsync(CancellationToken.None)).Month);
        Assert.Equal(2, asked);
    }

    private async Task<Month?> GetAsync() => (await _newest.FindAsync(CancellationToken.None)).Month;
}
