using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Tests.Cache;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Core.Tests.Watch;

/// <summary>One looks at a mart for all who ask.</summary>
public sealed class MartWatchTests
{
    private static readonly Month October = new(2023, 10);
    private static readonly Month November = new(2023, 11);
    private readonly FakeTimeProvider _time = new();
    private readonly TwoMonths _mart = new();
    private readonly ConcurrentQueue<MartNews> _told = new();
    private readonly MemoryStore _store;
    private readonly MartWatch _watch;

    public MartWatchTests()
    {
        _store = new MemoryStore(_time, () => { });
        _watch = Watches.Over(_mart, new CacheOptions { PollSeconds = 1, FreshForSeconds = 3 }, _time, store: _store);
        _watch.Subscribe(_told.Enqueue);
    }

    [Fact]
    public async Task Look_ManyWithinAPoll_IsOneLookAtTheMart()
    {
        _mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var looks = Enumerable.Range(0, 20).Select(_ => LookAsync([October])).ToList();
        _mart.Gate.SetResult();
        await CacheFixture.InTimeAsync(Task.WhenAll(looks), "the looks");
        _time.Advance(TimeSpan.FromSeconds(0.9));
        await LookAsync([October]);

        Assert.Equal(1, _mart.Looks);
        Assert.All(looks, look => Assert.Equal("1", Assert.Single(look.Result.Tokens).DataVersion));
    }

    [Fact]
    public async Task Look_APollLater_TellsWhatChangedOnce()
    {
        await LookAsync([October, November]);
        _mart.Version[October] = "2";
        _time.Advance(TimeSpan.FromSeconds(1.1));

        var news = await LookAsync([November]);
        var again = await LookAsync([October]);

        // Also of a month that this asker does not hold: somebody does.
        Assert.Equal([(October, "2")], Assert.Single(_told).Tokens.Select(token => (token.Month, token.DataVersion)));
        Assert.Equal(November, Assert.Single(news.Tokens).Month);
        Assert.Equal("2", Assert.Single(again.Tokens).DataVersion);
        Assert.Equal(4, _mart.Looks);
    }

    [Fact]
    public async Task Look_Woken_LooksAtOnce()
    {
        await LookAsync([October]);
        _mart.Version[October] = "2";

        var news = await LookAsync([], woken: true);

        Assert.Equal(October, Assert.Single(Assert.Single(_told).Tokens).Month);
        Assert.Empty(news.Tokens);
    }

    [Fact]
    public async Task Look_SeveralWokenWhileOneIsUnderWay_ShareTheNextOne()
    {
        _mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = LookAsync([October], woken: true);
        // What woke these may have come after the first one looked.
        var others = Enumerable.Range(0, 10).Select(_ => LookAsync([October], woken: true)).ToList();
        _mart.Version[October] = "2";
        _mart.Gate.SetResult();
        await CacheFixture.InTimeAsync(Task.WhenAll([first, .. others]), "the looks");
        await LookAsync([October], woken: true);

        Assert.Equal(3, _mart.Looks);
        Assert.All(others, look => Assert.Equal("2", Assert.Single(look.Result.Tokens).DataVersion));
    }

    [Fact]
    public async Task Look_NewMonth_IsLookedAtThoughTheOthersAreFresh()
    {
        await LookAsync([October]);

        var news = await LookAsync([October, November]);

        Assert.Equal([October, November], news.Tokens.Select(token => token.Month));
        Assert.Empty(_told);
    }

    [Fact]
    public async Task Look_MonthNobodyAsksFor_IsLookedAtNoMore()
    {
        await LookAsync([October, November]);
        for (var poll = 0; poll < 12; poll++)
        {
            _time.Advance(TimeSpan.FromSeconds(1.1));
            await LookAsync([November]);
        }
        var looks = _mart.Looks;
        _time.Advance(TimeSpan.FromSeconds(1.1));
        await LookAsync([November]);

        Assert.Equal(1, _mart.Looks - looks);
    }

    [Fact]
    public async Task Look_MartFails_RenewsNothingAndTheNextLooksAgain()
    {
        await LookAsync([October]);
        _time.Advance(TimeSpan.FromSeconds(2));
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        await Assert.ThrowsAsync<MartException>(() => LookAsync([October]));
        _mart.Failure = null;

        var news = await LookAsync([October]);

        Assert.Equal(_time.GetUtcNow(), Assert.Single(news.Tokens).AsOf);
        Assert.Equal(3, _mart.Looks);
    }

    [Fact]
    public async Task Look_BeganBeforeAndFails_IsMadeAgainForWhoAskedMeanwhile()
    {
        var gate = _mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = LookAsync([October]);
        var second = LookAsync([October, November]);
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _mart.Gate = null;
        gate.SetResult();

        // The first look's failure is not the second's: that had a look of its own, which failed as well.
        await Assert.ThrowsAsync<MartException>(() => first);
        await Assert.ThrowsAsync<MartException>(() => second);
        Assert.Equal(2, _mart.Looks);
    }

    [Fact]
    public async Task Look_TakesLongerThanAPoll_IsOneForAllWhoAskedWhileItRan()
    {
        _mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = LookAsync([October]);
        _time.Advance(TimeSpan.FromSeconds(0.3));
        var second = LookAsync([October]);
        _time.Advance(TimeSpan.FromSeconds(0.9));
        _mart.Gate.SetResult();

        await CacheFixture.InTimeAsync(Task.WhenAll(first, second), "the looks");
        Assert.Equal(1, _mart.Looks);
    }

    [Fact]
    public async Task Look_CallerLeaves_TheOthersGetIt()
    {
        using var caller = new CancellationTokenSource();
        _mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var leaving = _watch.LookAsync([October], woken: false, caller.Token);
        var staying = LookAsync([October]);

        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        _mart.Gate.SetResult();

        Assert.Single((await CacheFixture.ResultInTimeAsync(staying, "the look")).Tokens);
        Assert.Equal(1, _mart.Looks);
    }

    [Fact]
    public async Task Look_Changed_TellsThatTheNewestMonthIsOutdatedAndThenWhichItIs()
    {
        await LookAsync([October]);
        await FindAsync();
        Assert.Equal(October, (await LookAsync([October])).Newest?.Month);
        (_mart.Version[October], _mart.NewestMonth) = ("2", November);
        var gate = _mart.NewestGate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _time.Advance(TimeSpan.FromSeconds(1.1));

        var news = await LookAsync([October]);

        Assert.Null(news.Newest);
        Assert.Null(Assert.Single(_told).Newest);
        gate.SetResult();
        await Phase.UntilAsync(() => _told.Count == 2, "the telling of the newest month");
        Assert.Equal((0, November), (_told.Last().Tokens.Count, _told.Last().Newest!.Month));
        Assert.Equal(November, (await LookAsync([October])).Newest?.Month);
        Assert.Equal(2, _mart.NewestMonths);
    }

    [Fact]
    public async Task Look_ChangedAgainWhileTheNewestMonthIsAsked_DoesNotTellWhatWasBefore()
    {
        await LookAsync([October]);
        await FindAsync();
        var gate = _mart.NewestGate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await LookAsync([October], woken: true);
        await Phase.UntilAsync(() => _mart.NewestMonths == 2, "the question");
        _mart.NewestMonth = November;
        await LookAsync([October], woken: true);
        await Phase.UntilAsync(() => _mart.NewestMonths == 3, "the question after the next change");
        gate.SetResult();

        await Phase.UntilAsync(() => _told.Any(news => news.Newest is not null), "the telling of the newest month");
        Assert.Equal([November], _told.Select(news => news.Newest?.Month).OfType<Month>());
    }

    [Fact]
    public async Task Look_NobodyAsksForTheNewestMonth_AsksTheMartForNone()
    {
        await LookAsync([October]);
        await LookAsync([], woken: true);
        await LookAsync([], woken: true);

        Assert.Equal(2, _told.Count);
        Assert.Equal(0, _mart.NewestMonths);
    }

    [Fact]
    public async Task FindNewestMonth_WhileALookIsUnderWay_DoesNotWaitForIt()
    {
        _mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var looking = LookAsync([October]);

        Assert.Equal(October, (await CacheFixture.ResultInTimeAsync(FindAsync(), "the newest month")).Month);
        _mart.Gate.SetResult();
        await looking;
    }

    [Fact]
    public async Task Look_TheClockWasSetBack_LooksAllTheSame()
    {
        _time.SetUtcNow(new(2023, 11, 1, 12, 0, 0, TimeSpan.Zero));
        await LookAsync([October]);
        await FindAsync();
        _time.AdjustTime(new(2023, 11, 1, 11, 50, 0, TimeSpan.Zero));
        (_mart.Version[October], _mart.NewestMonth) = ("2", November);

        var token = Assert.Single((await LookAsync([October])).Tokens);

        Assert.Equal(("2", _time.GetUtcNow()), (token.DataVersion, token.AsOf));
        Assert.Equal(November, (await FindAsync()).Month);
    }

    [Fact]
    public async Task Look_Seen_IsNotedOnceInTheTimeThatAnAnswerIsFresh()
    {
        // A note takes its time, which is another than the watch's.
        await Phase.UntilAsync(
            async () =>
            {
                await LookAsync([October, November]);
                _time.Advance(TimeSpan.FromSeconds(1.1));
                return _store.Noted.Count >= 3;
            },
            "the third note");

        Assert.All(_store.Noted, noted => Assert.Equal([October, November], noted.Select(token => token.Month)));
        Assert.All(_store.Noted.Zip(_store.Noted.Skip(1)), pair => Assert.True(pair.Second.First().AsOf - pair.First.First().AsOf >= TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public async Task Look_StoreIsAway_IsALookAndNotedLater()
    {
        _store.IsAway = true;
        var news = await LookAsync([October]);
        _store.IsAway = false;

        Assert.Single(news.Tokens);
        await Phase.UntilAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1.1));
                await LookAsync([October]);
                return !_store.Noted.IsEmpty;
            },
            "the note");
    }

    private Task<KnownMonth> FindAsync() => _watch.FindNewestMonthAsync(CancellationToken.None);

    private Task<MartNews> LookAsync(IReadOnlyCollection<Month> months, bool woken = false) => _watch.LookAsync(months, woken, CancellationToken.None);

    private sealed class TwoMonths : IMartSource
    {
        private int _looks;
        private int _newestMonths;

        public string Store => "fake";

        public Dictionary<Month, string> Version { get; } = new() { [October] = "1", [November] = "1" };

        public TaskCompletionSource? Gate { get; set; }

        public TaskCompletionSource? NewestGate { get; set; }

        public MartException? Failure { get; set; }

        /// <summary>Looks at a month.</summary>
        public int Looks => Volatile.Read(ref _looks);

        public int NewestMonths => Volatile.Read(ref _newestMonths);

        public Month NewestMonth { get; set; } = October;

        public async Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _looks);
            var version = Version[month];
            if (Gate is { } gate) await gate.Task;
            return Failure is null ? version : throw Failure;
        }

        public Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken) => throw new NotSupportedException();

        public async Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _newestMonths);
            var newest = NewestMonth;
            if (NewestGate is { } gate) await gate.Task;
            return Failure is null ? newest : throw Failure;
        }
    }
}
