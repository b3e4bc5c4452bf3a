using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Cache;

public sealed class CachedQueryTests : IAsyncLifetime
{
    private readonly CacheFixture _cache = new();
    private KeyTable _owner = null!;

    public Task InitializeAsync()
    {
        _owner = _cache.Owner();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _cache.DisposeAsync();

    [Fact]
    public async Task Get_Cold_QueriesOnceAndThenHits()
    {
        Assert.Equal(CacheResult.Miss, (await AskAsync()).Result);
        Assert.Equal(CacheResult.Hit, (await AskAsync()).Result);
        Assert.Equal(1, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_TheClockIsSetBackInMidCheck_TheMartIsAskedOnce()
    {
        var time = new SteppedTime(_cache.Time.GetUtcNow());
        var owner = _cache.Owner(clock: time);
        _cache.Loading = _ =>
        {
            time.AdjustTime(_cache.Time.GetUtcNow().AddSeconds(-10));
            return Task.CompletedTask;
        };

        var asking = owner.GetAsync(CacheFixture.Key, CacheDemand.Check, default).AsTask();
        await CacheFixture.InTimeAsync(asking, "the answer");

        Assert.Equal((CacheResult.Miss, 1, 1), ((await asking).Result, _cache.Mart.Tokens, _cache.Mart.Reads));
    }

    [Fact]
    public async Task Get_LoadingFailsAsNobodyForesaw_TheNextQuestionLoadsAgain()
    {
        _cache.Loading = _ => throw new InvalidOperationException("once");
        await Assert.ThrowsAnyAsync<Exception>(() => AskAsync());
        _cache.Loading = _ => Task.CompletedTask;

        Assert.Equal(CacheResult.Miss, (await AskAsync()).Result);
    }
    [Fact]
    public async Task Get_ThousandColdCallers_ShareOneQuery()
    {
        _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, 1000).Select(_ => AskAsync()).ToArray();
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        _cache.Mart.Gate.SetResult();

        var answers = await Task.WhenAll(callers);

        Assert.Equal(1, _cache.Mart.Reads);
        Assert.Single(answers.Select(answer => answer.Snapshot.Version).Distinct());
    }

    [Fact]
    public async Task Get_CancelledCaller_DoesNotCancelTheOthersRefresh()
    {
        _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using var leaves = new CancellationTokenSource();
        var first = AskAsync(cancellationToken: leaves.Token);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        var second = AskAsync();
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        _cache.Mart.Gate.SetResult();

        Assert.Equal(4, (await second).Snapshot.Rows.Count);
        Assert.Equal(1, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_StaleAndUnchanged_AnswersAtOnceAndChecksWithoutAQuery()
    {
        await AskAsync();
        _cache.Time.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal(CacheResult.Stale, (await AskAsync()).Result);
        await IdleAsync();

        var answer = await AskAsync();
        Assert.Equal(CacheResult.Hit, answer.Result);
        Assert.Equal(TimeSpan.Zero, answer.AgeAt(_cache.Time.GetUtcNow()));
        Assert.Equal(1, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_StaleAndChanged_AnswersTheOldAndThenTheNew()
    {
        await AskAsync();
        _cache.Change("2", 200m);
        _cache.Time.Advance(TimeSpan.FromSeconds(61));

        var old = await AskAsync();
        Assert.Equal(100m, old.Snapshot.Rows[0].TotalAmount);
        await IdleAsync();

        var answer = await AskAsync();
        Assert.Equal((200m, true), (answer.Snapshot.Rows[0].TotalAmount, answer.Snapshot.Version > old.Snapshot.Version));
    }

    [Fact]
    public async Task Get_OlderThanStale_WaitsForTheRefresh()
    {
        await AskAsync();
        _cache.Change("2", 200m);
        _cache.Time.Advance(TimeSpan.FromHours(1));

        var answer = await AskAsync();

        Assert.Equal((CacheResult.Miss, 200m), (answer.Result, answer.Snapshot.Rows[0].TotalAmount));
    }

    [Fact]
    public async Task Get_HoursOfUnchangedData_CostNoQuery()
    {
        for (var minute = 0; minute < 60; minute++)
        {
            await AskAsync();
            await IdleAsync();
            _cache.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(1, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_NoCacheWhileARefreshRuns_WaitsForOneThatBeganLater()
    {
        await AskAsync();
        _cache.Change("2", 200m);
        _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var early = AskAsync(CacheDemand.Check);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        // Changed after the first read began: only a check that begins after this question sees it.
        _cache.Change("3", 300m);
        var late = AskAsync(CacheDemand.Check);
        _cache.Mart.Gate.SetResult();

        await early;

        Assert.Equal(300m, (await late).Snapshot.Rows[0].TotalAmount);
    }

    [Fact]
    public async Task Get_MaxAgeBelowTheAge_WaitsForACheck()
    {
        await AskAsync();
        _cache.Time.Advance(TimeSpan.FromSeconds(30));

        var answer = await AskAsync(new CacheDemand(TimeSpan.FromSeconds(10), OnlyIfCached: false));

        Assert.Equal(CacheResult.Revalidated, answer.Result);
        Assert.Equal(TimeSpan.Zero, answer.AgeAt(_cache.Time.GetUtcNow()));
    }

    [Fact]
    public async Task Get_OnlyIfCachedAndCold_NeverAsksTheMart()
    {
        await Assert.ThrowsAsync<NotCachedException>(() => AskAsync(new CacheDemand(MaxAge: null, OnlyIfCached: true)));

        Assert.Equal((0, 0), (_cache.Mart.Reads, _cache.Mart.Tokens));
    }

    [Fact]
    public async Task Get_MartFails_ServesTheLastGoodMarkedAndRenewsNothing()
    {
        var good = await AskAsync();
        _cache.Mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _cache.Time.Advance(TimeSpan.FromHours(1));

        var answer = await AskAsync();

        Assert.Equal((CacheResult.StaleOnError, "the mart is away"), (answer.Result, answer.Error));
        Assert.Equal(good.CheckedAt, answer.CheckedAt);
        Assert.Equal(4, answer.Snapshot.Rows.Count);
    }

    [Fact]
    public async Task Get_MartFailsBeyondTheLimit_FailsRatherThanServeTooOld()
    {
        await AskAsync();
        _cache.Mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _cache.Time.Advance(TimeSpan.FromHours(25));

        var error = await Assert.ThrowsAsync<MartException>(() => AskAsync());

        Assert.Equal("the mart is away", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Get_UnchangedForDaysThenChangedAndFailing_ServesTheLastGoodFromItsLastCheck(int hoursUnused)
    {
        await AskAsync();
        var lastRight = DateTimeOffset.MinValue;
        for (var hour = 0; hour < 50; hour++)
        {
            _cache.Time.Advance(TimeSpan.FromHours(1));
            Hear("1");
            if (hour < 50 - hoursUnused) lastRight = (await AskAsync()).CheckedAt;
        }
        _cache.Mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        foreach (var token in (string[])["v2", "v3"])
        {
            _cache.Time.Advance(TimeSpan.FromSeconds(1));
            Hear(token);
            await _owner.WhenIdleAsync();
        }

        var answer = await AskAsync();

        Assert.Equal(CacheResult.StaleOnError, answer.Result);
        Assert.InRange(answer.CheckedAt, lastRight, lastRight.AddHours(hoursUnused));

        void Hear(string token) => _owner.Learn(CacheFixture.Key.Mart, CacheFixture.Key.Month, token, _cache.Time.GetUtcNow());
    }

    [Fact]
    public async Task Get_ColdAndMartFails_FailsAndTheNextQuestionTriesAgain()
    {
        _cache.Mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        await Assert.ThrowsAsync<MartException>(() => AskAsync());
        _cache.Mart.Failure = null;

        Assert.Equal(CacheResult.Miss, (await AskAsync()).Result);
    }

    [Fact]
    public async Task Get_FailingMart_IsLeftAloneBetweenAttempts()
    {
        await AskAsync();
        _cache.Mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _cache.Time.Advance(TimeSpan.FromHours(1));
        await AskAsync();
        var asked = _cache.Mart.Tokens;

        for (var i = 0; i < 100; i++) await AskAsync();
        Assert.Equal(asked, _cache.Mart.Tokens);

        _cache.Mart.Failure = null;
        _cache.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(CacheResult.Revalidated, (await AskAsync()).Result);
    }

    [Fact]
    public async Task Learn_AnotherVersion_RefreshesAKeyInUseBehindItsAnswers()
    {
        await AskAsync();
        _cache.Change("2", 200m);

        _owner.Learn(Mart.Warehouse, CacheFixture.Key.Month, "2", _cache.Time.GetUtcNow());
        await IdleAsync();

        var answer = await AskAsync();
        Assert.Equal((CacheResult.Hit, 200m), (answer.Result, answer.Snapshot.Rows[0].TotalAmount));
    }

    [Fact]
    public async Task Learn_DuringARefreshThatLookedBeforeTheChange_RefreshesAgain()
    {
        await AskAsync();
        _cache.Change("2", 200m);
        _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = AskAsync(CacheDemand.Check);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        _cache.Change("3", 300m);
        _owner.Learn(Mart.Warehouse, CacheFixture.Key.Month, "3", _cache.Time.GetUtcNow());
        _cache.Mart.Gate.SetResult();
        await running;
        await IdleAsync();

        Assert.Equal(300m, (await AskAsync()).Snapshot.Rows[0].TotalAmount);
    }

    [Fact]
    public async Task Learn_KeyNobodyAsksFor_StopsRefreshing()
    {
        await AskAsync();
        _cache.Time.Advance(TimeSpan.FromHours(1));
        _cache.Change("2", 200m);

        _owner.Learn(Mart.Warehouse, CacheFixture.Key.Month, "2", _cache.Time.GetUtcNow());
        await IdleAsync();

        Assert.Equal(1, _cache.Mart.Reads);
        Assert.Equal(200m, (await AskAsync()).Snapshot.Rows[0].TotalAmount);
    }

    [Fact]
    public async Task Get_NarrowerPrefix_IsCutFromTheBroaderSnapshotWithoutAQuery()
    {
        await AskAsync();

        var answer = await _owner.GetAsync(CacheFixture.Key with { Prefix = "Halal Laptop" }, CacheDemand.Default, default);

        Assert.Equal(["Halal Laptop", "Halal Laptop Bag"], answer.Snapshot.Rows.All().Select(row => row.Product));
        Assert.Equal(1, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_NarrowerPrefixOfAnOutdatedSnapshot_AsksTheMart()
    {
        await AskAsync();
        _cache.Change("2", 200m);

        var answer = await _owner.GetAsync(CacheFixture.Key with { Prefix = "Halal Laptop" }, CacheDemand.Default, default);

        Assert.Equal(200m, answer.Snapshot.Rows[0].TotalAmount);
        // The broader one is in use and hears of the change by this very question: one of them is read, or both.
        Assert.InRange(_cache.Mart.Reads, 2, 3);
    }

    [Fact]
    public async Task Get_MoreThanMaxBytes_DropsTheLeastUsedFromMemoryOnly()
    {
        _cache.Options.MaxBytes = 5000;
        var owner = _cache.Owner();
        for (var month = 1; month <= 8; month++)
        {
            await owner.GetAsync(CacheFixture.Key with { Month = new Month(2023, month) }, CacheDemand.Default, default);
            _cache.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(owner.List().Sum(key => key.SizeInBytes) <= 5000);
        Assert.DoesNotContain(owner.List(), key => key.Key.Month == new Month(2023, 1));
        await owner.GetAsync(CacheFixture.Key with { Month = new Month(2023, 1) }, CacheDemand.Default, default);
        Assert.Equal(8, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_ManyKeysOfAFailingMart_TakeNoMoreThanMaxBytes()
    {
        _cache.Options.MaxBytes = 5000;
        var owner = _cache.Owner();
        _cache.Mart.Failure = new MartException("the mart is away");
        for (var month = 1; month <= 12; month++)
            await Assert.ThrowsAsync<MartException>(() => owner.GetAsync(CacheFixture.Key with { Month = new Month(2023, month) }, CacheDemand.Default, default).AsTask());

        Assert.InRange(owner.List().Sum(key => key.SizeInBytes), 1, 5000);
    }

    [Fact]
    public async Task Drop_HeldKey_IsQueriedAnewWithAHigherVersion()
    {
        var dropped = await AskAsync();

        Assert.True(await _owner.DropAsync(CacheFixture.Key, default));

        var answer = await AskAsync();
        Assert.Equal((CacheResult.Miss, true), (answer.Result, answer.Snapshot.Version > dropped.Snapshot.Version));
        Assert.True(await _owner.DropAsync(CacheFixture.Key, default));
        Assert.False(await _owner.DropAsync(CacheFixture.Key, default));
    }

    private Task<CachedAnswer> AskAsync(CacheDemand demand = default, CancellationToken cancellationToken = default) =>
        _owner.GetAsync(CacheFixture.Key, demand, cancellationToken).AsTask();

    private Task IdleAsync() => CacheFixture.InTimeAsync(_owner.WhenIdleAsync(), "the end of the refreshes");
}
