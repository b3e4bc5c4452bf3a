using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Tests.Cache;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Core.Tests.Watch;

/// <summary>The default month after a restart, while the mart may be away.</summary>
public sealed class NewestMonthsTests : IAsyncLifetime
{
    private static readonly Month November = new(2023, 11);
    private static readonly MartException Away = new("the mart is away", MartFailure.Transient);
    private readonly CacheFixture _cache = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _cache.DisposeAsync();

    [Fact]
    public async Task Get_RestartWhileTheMartIsAway_IsTheNewestMonthWithAStoredAnswer()
    {
        await _cache.Owner().GetAsync(CacheFixture.Key, CacheDemand.Default, CancellationToken.None);
        _cache.Mart.Failure = Away;

        Assert.Equal(CacheFixture.Key.Month, await Restarted().GetAsync(Mart.Warehouse, CancellationToken.None));
    }

    [Fact]
    public async Task Get_NothingStored_FailsAsTheMartDid()
    {
        _cache.Mart.Failure = Away;

        Assert.Same(Away, await Assert.ThrowsAsync<MartException>(() => Restarted().GetAsync(Mart.Warehouse, CancellationToken.None).AsTask()));
    }

    [Fact]
    public async Task Get_MartAwayAndBack_LeavesItAloneForAWhileAndThenAsksAgain()
    {
        await _cache.Owner().GetAsync(CacheFixture.Key, CacheDemand.Default, CancellationToken.None);
        _cache.Mart.Failure = Away;
        var newest = Restarted();
        for (var i = 0; i < 10; i++) await newest.GetAsync(Mart.Warehouse, CancellationToken.None);
        Assert.Equal(1, _cache.Mart.NewestMonths);

        _cache.Mart.Failure = null;
        _cache.Mart.NewestMonth = new Month(2023, 11);
        _cache.Time.Advance(TimeSpan.FromSeconds(_cache.Options.RetryAfterErrorSeconds));

        Assert.Equal(new Month(2023, 11), await newest.GetAsync(Mart.Warehouse, CancellationToken.None));
    }

    [Fact]
    public async Task Get_OneQuestionFailsAfterAChange_IsTheLastKnownForAWhileAndThenWhatIsSo()
    {
        var watch = Watches.Over(_cache.Mart, _cache.Options, _cache.Time);
        var newest = Over(watch);
        watch.Subscribe(news => Hear(newest, news));
        await newest.GetAsync(Mart.Warehouse, CancellationToken.None);
        _cache.Time.Advance(TimeSpan.FromSeconds(1));
        (_cache.Mart.NewestMonth, _cache.Mart.Failure) = (November, Away);
        // Of no month: the change is known, and what is the newest one is asked in vain.
        await watch.LookAsync([], woken: true, CancellationToken.None);

        for (var i = 0; i < 10; i++) Assert.Equal(CacheFixture.Key.Month, await newest.GetAsync(Mart.Warehouse, CancellationToken.None));
        // At first, after the change, and by the first caller after that, unless it shared that question.
        Assert.InRange(_cache.Mart.NewestMonths, 2, 3);
        await Assert.ThrowsAsync<MartException>(() => newest.FindAsync(Mart.Warehouse, CancellationToken.None).AsTask());

        _cache.Mart.Failure = null;
        _cache.Time.Advance(TimeSpan.FromSeconds(_cache.Options.RetryAfterErrorSeconds));
        Assert.Equal(November, await newest.GetAsync(Mart.Warehouse, CancellationToken.None));
    }

    [Fact]
    public async Task Get_HeardOfSinceAFailure_IsWhatWasHeard()
    {
        await _cache.Owner().GetAsync(CacheFixture.Key, CacheDemand.Default, CancellationToken.None);
        _cache.Mart.Failure = Away;
        var newest = Restarted();
        Assert.Equal(CacheFixture.Key.Month, await newest.GetAsync(Mart.Warehouse, CancellationToken.None));
        _cache.Time.Advance(TimeSpan.FromSeconds(1));

        newest.Hear(Mart.Warehouse, new KnownMonth(November, _cache.Time.GetUtcNow()), newest.ChangesOf(Mart.Warehouse));

        Assert.Equal(November, await newest.GetAsync(Mart.Warehouse, CancellationToken.None));
    }

    private static void Hear(NewestMonths newest, MartNews news)
    {
        if (news.Newest is { } month) newest.Hear(Mart.Warehouse, month, newest.ChangesOf(Mart.Warehouse));
        else newest.Outdate(Mart.Warehouse);
    }

    private NewestMonths Over(IMartWatch watch) =>
        new(new Dictionary<Mart, IMartWatch> { [Mart.Warehouse] = watch }, _cache.Snapshots, _cache.Options, _cache.Time);

    private NewestMonths Restarted() => new(
        new Dictionary<Mart, IMartWatch> { [Mart.Warehouse] = Watches.Over(_cache.Mart, _cache.Options, _cache.Time) },
        _cache.Snapshots, _cache.Options, _cache.Time);
}
