using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>Freshness is a fact of a month: news is one write, and visits the keys in use only when it is news.</summary>
public sealed class MonthShelfTests : IAsyncLifetime
{
    private static readonly Month October = new(2023, 10);
    private readonly CacheFixture _cache = new();
    private readonly KeyTable _owner;

    public MonthShelfTests() => _owner = _cache.Owner();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _cache.DisposeAsync().AsTask();

    [Fact]
    public async Task Learn_Unchanged_RenewsEveryKeyOfTheMonthAndAsksForNone()
    {
        await AskAsync("Halal", "Halaal", "Ha");
        var (reads, tokens) = (_cache.Mart.Reads, _cache.Mart.Tokens);
        _cache.Time.Advance(TimeSpan.FromHours(1));

        _owner.Learn(Mart.Warehouse, October, "1", _cache.Time.GetUtcNow());

        foreach (var answer in await AskAsync("Halal", "Halaal", "Ha")) Assert.Equal((CacheResult.Hit, _cache.Time.GetUtcNow()), (answer.Result, answer.CheckedAt));
        Assert.Equal((reads, tokens), (_cache.Mart.Reads, _cache.Mart.Tokens));
    }

    [Fact]
    public async Task Get_OneKeyIsChecked_TheOthersOfItsMonthAreToo()
    {
        await AskAsync("Halal", "Halaal");
        _cache.Time.Advance(TimeSpan.FromHours(1));
        await _owner.GetAsync(Key("Halal"), CacheDemand.Check, default);
        var tokens = _cache.Mart.Tokens;

        var other = Assert.Single(await AskAsync("Halaal"));

        Assert.Equal((CacheResult.Hit, tokens), (other.Result, _cache.Mart.Tokens));
    }

    [Fact]
    public async Task Learn_Changed_RefreshesTheKeysInUseAndLeavesTheOthersToTheirNextQuestion()
    {
        await AskAsync("Halaal");
        _cache.Time.Advance(TimeSpan.FromHours(1));
        await AskAsync("Halal", "Ha");
        var reads = _cache.Mart.Reads;
        _cache.Change("2", 200m);

        _owner.Learn(Mart.Warehouse, October, "2", _cache.Time.GetUtcNow());
        await CacheFixture.InTimeAsync(_owner.WhenIdleAsync(), "the refreshes of the keys in use");

        Assert.All(_owner.List(), key => Assert.Equal(key.Key.Prefix != "Halaal", key.DataAsOf == key.CheckedAt && key.CheckedAt == _cache.Time.GetUtcNow()));
        var answers = await AskAsync("Halal", "Ha", "Halaal");
        Assert.Equal([CacheResult.Hit, CacheResult.Hit], answers.Take(2).Select(answer => answer.Result));
        Assert.All(answers, answer => Assert.Equal("2", answer.Snapshot.DataVersion));
        Assert.True(_cache.Mart.Reads > reads);
    }

    [Fact]
    public async Task Learn_ChangedAndTheMartFails_IsTriedAgainAtTheNextNewsUntilItSucceeds()
    {
        await AskAsync("Halal");
        _cache.Change("2", 200m);
        _cache.Mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        await LearnAsync("2");
        _cache.Mart.Failure = null;
        _cache.Time.Advance(TimeSpan.FromSeconds(1));

        await LearnAsync("2");

        Assert.Equal((CacheResult.Hit, 200m), Assert.Single(await AskAsync("Halal")) is var answer ? (answer.Result, answer.Snapshot.Rows[0].TotalAmount) : default);
        var tokens = _cache.Mart.Tokens;
        await LearnAsync("2");
        Assert.Equal(tokens, _cache.Mart.Tokens);
    }

    [Fact]
    public async Task Evict_TheLastKeyOfAMonth_TheMonthIsWatchedNoMore()
    {
        _cache.Options.MaxBytes = 5_000;
        var owner = _cache.Owner();
        for (var month = 1; month <= 12; month++) await owner.GetAsync(Key("Halal") with { Month = new Month(2023, month) }, CacheDemand.Default, default);

        Assert.Equal(owner.List().Select(key => key.Key.Month).Order(), owner.MonthsOf(Mart.Warehouse).Order());
        Assert.InRange(owner.MonthsOf(Mart.Warehouse).Count, 1, 4);
    }

    [Fact]
    public async Task Evict_KeyThatSomebodyWaitsAt_StaysUntilItIsAnswered()
    {
        _cache.Options.MaxBytes = 5_000;
        var owner = _cache.Owner();
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _cache.Loading = key => key == Key("Halal") ? loaded.Task : Task.CompletedTask;
        var waiting = owner.GetAsync(Key("Halal"), CacheDemand.Default, default).AsTask();

        for (var month = 1; month <= 24; month++) await owner.GetAsync(Key("Halal") with { Month = new Month(2020 + (month / 12), 1 + (month % 12)) }, CacheDemand.Default, default);
        Assert.True(owner.Holds(Key("Halal")));
        loaded.SetResult();

        Assert.Equal(CacheResult.Miss, (await CacheFixture.ResultInTimeAsync(waiting, "the answer")).Result);
    }

    [Fact]
    public async Task MonthsOf_NobodyHasAskedLately_IsNotWatchedUntilSomebodyDoes()
    {
        await AskAsync("Halal");
        await _owner.AnswerAsOwnerAsync(Key("Halal") with { Month = new Month(2023, 9) }, TimeSpan.FromHours(1), SnapshotVersion.None, default);
        Assert.Equal([new Month(2023, 9), October], _owner.MonthsOf(Mart.Warehouse).Order());
        _cache.Time.Advance(TimeSpan.FromSeconds(_cache.Options.FreshForSeconds + _cache.Options.StaleForSeconds + 1));

        Assert.Empty(_owner.MonthsOf(Mart.Warehouse));
        await AskAsync("Halal");

        Assert.Equal([October], _owner.MonthsOf(Mart.Warehouse));
    }

    [Fact]
    public async Task Get_KeyOwnedAndServedHere_IsOneEntryAndItsRowsCountOnce()
    {
        await AskAsync("Halal");
        var before = Assert.Single(_owner.List());

        var answer = await _owner.AnswerAsOwnerAsync(Key("Halal"), TimeSpan.FromHours(1), SnapshotVersion.None, default);

        var after = Assert.Single(_owner.List());
        Assert.Same(Assert.Single(await AskAsync("Halal")).Snapshot, answer.Snapshot);
        Assert.Equal((false, true, before.SizeInBytes, before.Hits), (before.IsOwned, after.IsOwned, after.SizeInBytes, after.Hits));
        await _owner.DisownAsync(Key("Halal"));
        Assert.False(Assert.Single(_owner.List()).IsOwned);
    }

    [Fact]
    public async Task Disown_WhileAQuestionRuns_TheKeyIsAsAnyOtherAndItsMonthIsPolledNoMore()
    {
        var gate = _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var asking = _owner.AnswerAsOwnerAsync(CacheFixture.Key, TimeSpan.Zero, default, CancellationToken.None).AsTask();
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        var disowning = _owner.DisownAsync(CacheFixture.Key);
        Assert.False(disowning.IsCompleted);
        gate.SetResult();
        await CacheFixture.InTimeAsync(asking, "the answer");
        await CacheFixture.InTimeAsync(disowning, "the end of its work");

        Assert.False(Assert.Single(_owner.List()).IsOwned);
        Assert.Equal(October, Assert.Single(_owner.MonthsOf(Mart.Warehouse)));
        _cache.Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(_owner.MonthsOf(Mart.Warehouse));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public Task Table_OfAnySize_PollsMissesAndEvictsAtTheSameCost(int prefixes) => PollMissAndEvictAsync(prefixes);

    [Fact]
    [Trait("Tier", "Long")]
    public Task Table_OfAMillionKeys_PollsMissesAndEvictsAtTheSameCost() => PollMissAndEvictAsync(10_000);

    /// <summary>Of two marts and fifty months: what is looked at is counted, and the same for any number of prefixes.</summary>
    private async Task PollMissAndEvictAsync(int prefixes)
    {
        const int Months = 50;
        Mart[] marts = [Mart.Warehouse, Mart.Operational];
        var small = Assert.Single(await AskListAsync("P00000")).SizeInBytes;
        _cache.Options.MaxBytes = small * prefixes * Months * marts.Length;
        var store = new MemoryStore(_cache.Time, static () => { });
        await using var table = new KeyTable(_cache.Owner().Context with { Snapshots = store, Leases = store });
        for (var i = 0; i < prefixes; i++)
            for (var month = 0; month < Months; month++)
                foreach (var mart in marts) await table.GetAsync(Of(mart, month, $"P{i:D5}"), CacheDemand.Default, default);
        Assert.Equal(prefixes * Months * marts.Length, table.List().Count);

        // A poll that finds nothing new visits no key but the one of each month that tells that the month is in use.
        var visited = table.Visited;
        foreach (var mart in marts)
        {
            var months = table.MonthsOf(mart);
            Assert.Equal(Months, months.Count);
            foreach (var month in months) table.Learn(mart, month, "1", _cache.Time.GetUtcNow());
        }
        Assert.Equal(Months * marts.Length, table.Visited - visited);

        // Each takes another's place.
        visited = table.Visited;
        for (var i = 0; i < 10; i++) await table.GetAsync(Of(Mart.Warehouse, i, $"Q{i:D5}"), CacheDemand.Default, default);
        Assert.InRange(table.Visited - visited, 10, 20);
        Assert.Equal(prefixes * Months * marts.Length, table.List().Count);

        async Task<IReadOnlyList<KeyStatus>> AskListAsync(string prefix)
        {
            await AskAsync(prefix);
            return _owner.List();
        }

        static QueryKey Of(Mart mart, int month, string prefix) => new(mart, prefix, new Month(2020, 1).AddMonths(month));
    }

    private static QueryKey Key(string prefix) => CacheFixture.Key with { Prefix = prefix };

    private async Task LearnAsync(string token)
    {
        _owner.Learn(Mart.Warehouse, October, token, _cache.Time.GetUtcNow());
        await CacheFixture.InTimeAsync(_owner.WhenIdleAsync(), "the refresh");
    }

    private async Task<List<CachedAnswer>> AskAsync(params string[] prefixes)
    {
        var answers = new List<CachedAnswer>();
        foreach (var prefix in prefixes) answers.Add(await _owner.GetAsync(Key(prefix), CacheDemand.Default, default));
        return answers;
    }
}
