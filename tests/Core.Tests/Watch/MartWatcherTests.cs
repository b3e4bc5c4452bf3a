using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Tests.Cache;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Core.Tests.Watch;

/// <summary>The watcher's own loop: when it looks, at what, and what holds it up.</summary>
public sealed class MartWatcherTests : IAsyncLifetime, IHeldKeys
{
    private static readonly Month October = new(2023, 10);
    private static readonly Month November = new(2023, 11);
    private readonly SteppedTime _time = new(new DateTimeOffset(2023, 11, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentDictionary<Mart, int> _learned = new();
    private readonly ConcurrentQueue<(Mart Mart, bool Woken)> _looks = new();
    private readonly Dictionary<Mart, FakeWatch> _watches;
    private readonly NewestMonths _newest;
    private readonly MartWatcher _watcher;
    private Func<Mart, Task> _look = _ => Task.CompletedTask;
    private KnownMonth? _known;
    private int _asked;

    public MartWatcherTests()
    {
        var options = new CacheOptions();
        var sources = new Dictionary<Mart, IMartSource> { [Mart.Warehouse] = new FakeMart { Store = "a" }, [Mart.Operational] = new FakeMart { Store = "b" } };
        _watches = sources.Keys.ToDictionary(mart => mart, mart => new FakeWatch(mart, this));
        var watches = _watches.ToDictionary(watch => watch.Key, watch => (IMartWatch)watch.Value);
        _newest = new NewestMonths(watches, new MemoryStore(_time, static () => { }), options, _time);
        _watcher = new MartWatcher(watches, sources, this, _newest, Options.Create(options), _time, NullLogger<MartWatcher>.Instance);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _watcher.StopAsync(default);
        _watcher.Dispose();
    }

    [Fact]
    public async Task Poll_OneMartHangs_TheOthersChangesShow()
    {
        var hang = new TaskCompletionSource();
        _look = mart => mart == Mart.Warehouse ? hang.Task : Task.CompletedTask;
        await _watcher.StartAsync(default);

        await WithTimeAsync(() => _learned.GetValueOrDefault(Mart.Operational) >= 3, "three polls of the other mart");

        Assert.Equal(0, _learned.GetValueOrDefault(Mart.Warehouse));
        hang.SetResult();
        await WithTimeAsync(() => _learned.GetValueOrDefault(Mart.Warehouse) >= 2, "the polls of the mart that hung");
    }

    [Fact]
    public async Task Wake_WhileTheMartFails_IsMadeGoodByTheNextPoll()
    {
        await _watcher.StartAsync(default);
        await WithTimeAsync(() => _learned.Count == 2, "the first poll");
        _look = _ => Task.FromException(new MartException("the mart is away", MartFailure.Transient));
        _watcher.Wake();
        await WithTimeAsync(() => _looks.Count(look => look.Woken) >= 2, "the woken looks, which fail");

        _looks.Clear();
        _look = _ => Task.CompletedTask;
        await WithTimeAsync(() => _looks.Where(look => !look.Woken).DistinctBy(look => look.Mart).Count() == 2, "the polls as usual");

        Assert.All(_looks.GroupBy(look => look.Mart), looks => Assert.True(looks.First().Woken));
    }

    [Fact]
    public async Task Poll_BreakerIsOpen_ComesAgainAsSoonAsItLetsALookThrough()
    {
        var soon = TimeSpan.FromMilliseconds(100);
        _look = _ => Task.FromException(new MartException("the breaker is open", MartFailure.Unavailable) { RetryAfter = soon });
        await _watcher.StartAsync(default);
        for (var mart = 0; mart < 2; mart++) Assert.Equal(soon, await _time.NextPauseAsync("the pause after a look that was held back"));

        _look = _ => Task.CompletedTask;
        _time.Advance(soon);

        for (var mart = 0; mart < 2; mart++) Assert.Equal(new CacheOptions().Poll, await _time.NextPauseAsync("the pause after the next look"));
        Assert.Equal(2, _learned.Count);
    }

    [Fact]
    public async Task Wake_ByOneStore_LeavesTheOthersMartAlone()
    {
        await _watcher.StartAsync(default);
        await WithTimeAsync(() => _learned.Count == 2, "the first poll");
        _watcher.Wake("b");
        await WithTimeAsync(() => _looks.Any(look => look.Woken) && _looks.Count(look => look.Mart == Mart.Warehouse) >= 3, "the woken look");

        Assert.All(_looks.Where(look => look.Woken), look => Assert.Equal(Mart.Operational, look.Mart));
    }

    [Fact]
    public async Task Poll_SomethingUnforeseenIsThrown_TheWatchGoesOn()
    {
        _look = _ => Task.FromException(new ObjectDisposedException("a pool"));
        await _watcher.StartAsync(default);
        await WithTimeAsync(() => _looks.Count >= 4, "the looks that break off");

        _look = _ => Task.CompletedTask;
        await WithTimeAsync(() => _learned.Count == 2, "the looks as usual");
        Assert.False(_watcher.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task News_Unasked_IsTakenInOfTheMartThatItIsOf()
    {
        Assert.Equal(October, await NewestAsync(Mart.Warehouse));
        Assert.Equal(October, await NewestAsync(Mart.Operational));
        _time.Advance(TimeSpan.FromSeconds(1));

        _watches[Mart.Operational].Tell(new MartNews([new MonthToken(October, "2", _time.GetUtcNow())], Newest: null));
        _watches[Mart.Operational].Tell(new MartNews([], new KnownMonth(November, _time.GetUtcNow())));

        Assert.Equal((0, 1), (_learned.GetValueOrDefault(Mart.Warehouse), _learned[Mart.Operational]));
        Assert.Equal(November, await NewestAsync(Mart.Operational));
        Assert.Equal(October, await NewestAsync(Mart.Warehouse));
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task News_ThatTheMartHasChanged_HasTheNewestMonthAskedForAnew()
    {
        await NewestAsync(Mart.Warehouse);

        _watches[Mart.Warehouse].Tell(new MartNews([], Newest: null));
        await NewestAsync(Mart.Warehouse);

        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Poll_TellsTheNewestMonth_ItIsTakenIn()
    {
        await NewestAsync(Mart.Warehouse);
        _time.Advance(TimeSpan.FromSeconds(1));
        _known = new KnownMonth(November, _time.GetUtcNow());

        await _watcher.PollAsync(CancellationToken.None);

        Assert.Equal(November, await NewestAsync(Mart.Warehouse));
        Assert.Equal(1, _asked);
    }

    private async Task<Month?> NewestAsync(Mart mart) => await _newest.GetAsync(mart, CancellationToken.None);

    IReadOnlyCollection<Month> IHeldKeys.MonthsOf(Mart mart) => [October];

    void IHeldKeys.Learn(Mart mart, Month month, string dataVersion, DateTimeOffset asOf) => _learned.AddOrUpdate(mart, 1, (_, times) => times + 1);

    /// <summary>Lets each pause pass as soon as the watcher makes it, until what is awaited holds: no look is without one after it.</summary>
    private async Task WithTimeAsync(Func<bool> holds, string phase)
    {
        while (!holds()) _time.Advance(await _time.NextPauseAsync(phase));
    }

    private sealed class FakeWatch(Mart mart, MartWatcherTests test) : IMartWatch
    {
        private Action<MartNews>? _listeners;

        public void Subscribe(Action<MartNews> listener) => _listeners += listener;

        public void Tell(MartNews news) => _listeners!.Invoke(news);

        public async Task<MartNews> LookAsync(IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken)
        {
            var look = test._look;
            test._looks.Enqueue((mart, woken));
            await look(mart).WaitAsync(cancellationToken);
            return new([new MonthToken(October, "1", test._time.GetUtcNow())], test._known);
        }

        public Task<KnownMonth> FindNewestMonthAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref test._asked);
            return Task.FromResult(new KnownMonth(October, test._time.GetUtcNow()));
        }
    }
}
