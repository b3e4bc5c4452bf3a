using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>What every store of daily counts does alike; each kind of store derives its tests from this.</summary>
public abstract class DailyCountsContract
{
    private static readonly DateOnly Day = new(2024, 1, 1);

    protected abstract StoreHarness Store { get; }

    [Fact]
    public async Task Add_ByTwoProcesses_CountsTogetherUpToTheLimit()
    {
        var (one, other) = (Store.NewCounts(), Store.NewCounts());

        Assert.True(await AddAsync(one, 60));
        Assert.False(await AddAsync(other, 41));
        Assert.True(await AddAsync(other, 40));
        Assert.False(await AddAsync(one, 1));
        Assert.True(await AddAsync(one, 0));
    }

    [Fact]
    public async Task Add_AfterARestart_GoesOnFromWhatWasCounted()
    {
        await AddAsync(Store.NewCounts(), 60);

        Assert.False(await AddAsync(Store.NewCounts(), 41));
    }

    [Fact]
    public async Task Add_MoreThanTheLimitAtOnce_AddsNothing()
    {
        var counts = Store.NewCounts();

        Assert.False(await AddAsync(counts, 101));
        Assert.True(await AddAsync(counts, 100));
    }

    [Fact]
    public async Task Add_AnotherDayOrName_IsACountOfItsOwn()
    {
        var counts = Store.NewCounts();
        await AddAsync(counts, 100);

        Assert.True(await counts.TryAddAsync("bytes", Day.AddDays(1), 100, 100, CancellationToken.None));
        Assert.True(await counts.TryAddAsync("other", Day, 100, 100, CancellationToken.None));
    }

    [Fact]
    public async Task Add_BelowZero_GivesBackAndNeverMoreThanThereIs()
    {
        var counts = Store.NewCounts();
        await AddAsync(counts, 100);

        Assert.True(await AddAsync(counts, -30));
        Assert.False(await AddAsync(counts, 31));
        Assert.True(await AddAsync(counts, -500));
        Assert.True(await counts.TryAddAsync("never counted", Day, -5, 100, CancellationToken.None));
        Assert.True(await AddAsync(counts, 100));
        Assert.False(await counts.TryAddAsync("never counted", Day, 101, 100, CancellationToken.None));
    }

    [Fact]
    public async Task Add_RacedByManyProcesses_NeverPassesTheLimit()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var counts = Store.NewCounts();
            var mine = 0;
            for (var i = 0; i < 10; i++) mine += await AddAsync(counts, 3) ? 3 : 0;
            return mine;
        })));

        Assert.Equal(99, taken.Sum());
    }

    private static Task<bool> AddAsync(IDailyCounts counts, long amount) =>
        counts.TryAddAsync("bytes", Day, amount, 100, CancellationToken.None);
}
