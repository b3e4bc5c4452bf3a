using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>One looks at a mart for all who ask.</summary>
public sealed class TokenBoardTests
{
    private static readonly Month October = new(2023, 10);
    private static readonly Month November = new(2023, 11);
    private readonly FakeTimeProvider _time = new();
    private readonly FakeTokens _tokens;
    private readonly TokenBoard _board;

    public TokenBoardTests()
    {
        _tokens = new FakeTokens(_time);
        _board = new TokenBoard(Mart.Warehouse, _tokens, new CacheOptions { PollSeconds = 1 }, _time);
    }

    [Fact]
    public async Task Look_ManyWithinAPoll_IsOneLookAtTheMart()
    {
        _tokens.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var looks = Enumerable.Range(0, 20).Select(_ => _board.LookAsync([October], woken: false)).ToList();
        _tokens.Gate.SetResult();
        await CacheFixture.InTimeAsync(Task.WhenAll(looks), "the looks");
        _time.Advance(TimeSpan.FromSeconds(1));
        await _board.LookAsync([October], woken: false);

        Assert.Equal(1, _tokens.Looks);
        Assert.All(looks, look => Assert.Equal("1", Assert.Single(look.Result.Tokens).DataVersion));
    }

    [Fact]
    public async Task Look_APollLater_TellsWhatChangedOnce()
    {
        await _board.LookAsync([October, November], woken: false);
        _tokens.Version[October] = "2";
        _time.Advance(TimeSpan.FromSeconds(1.1));

        var news = await _board.LookAsync([November], woken: false);
        var again = await _board.LookAsync([October], woken: false);

        // Also of a month that this asker does not hold: somebody does.
        Assert.Equal((October, "2"), Assert.Single(news.Changed) is var changed ? (changed.Month, changed.DataVersion) : default);
        Assert.Equal(November, Assert.Single(news.Tokens).Month);
        Assert.Empty(again.Changed);
        Assert.Equal("2", Assert.Single(again.Tokens).DataVersion);
        Assert.Equal(2, _tokens.Looks);
    }

    [Fact]
    public async Task Look_Woken_LooksAtOnce()
    {
        await _board.LookAsync([October], woken: false);
        _tokens.Version[October] = "2";

        var news = await _board.LookAsync([], woken: true);

        Assert.Equal(October, Assert.Single(news.Changed).Month);
        Assert.Empty(news.Tokens);
        Assert.True(_tokens.LastWoken);
    }

    [Fact]
    public async Task Look_SeveralWokenWhileOneIsUnderWay_ShareTheNextOne()
    {
        _tokens.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _board.LookAsync([October], woken: true);
        // What woke these may have come after the first one looked.
        var others = Enumerable.Range(0, 10).Select(_ => _board.LookAsync([October], woken: true)).ToList();
        _tokens.Version[October] = "2";
        _tokens.Gate.SetResult();
        await CacheFixture.InTimeAsync(Task.WhenAll([first, .. others]), "the looks");
        await _board.LookAsync([October], woken: true);

        Assert.Equal(3, _tokens.Looks);
        Assert.All(others, look => Assert.Equal("2", Assert.Single(look.Result.Tokens).DataVersion));
    }

    [Fact]
    public async Task Look_NewMonth_IsLookedAtThoughTheOthersAreFresh()
    {
        await _board.LookAsync([October], woken: false);

        var news = await _board.LookAsync([October, November], woken: false);

        Assert.Equal([October, November], news.Tokens.Select(token => token.Month));
        Assert.Empty(news.Changed);
    }

    [Fact]
    public async Task Look_MonthNobodyAsksFor_IsLookedAtNoMore()
    {
        await _board.LookAsync([October, November], woken: false);
        for (var poll = 0; poll < 12; poll++)
        {
            _time.Advance(TimeSpan.FromSeconds(1.1));
            await _board.LookAsync([November], woken: false);
        }

        Assert.Equal([November], _tokens.LastMonths);
    }

    [Fact]
    public async Task Look_MartFails_RenewsNothingAndTheNextLooksAgain()
    {
        await _board.LookAsync([October], woken: false);
        _time.Advance(TimeSpan.FromSeconds(2));
        _tokens.Failure = new MartException("the mart is away", MartFailure.Transient);
        await Assert.ThrowsAsync<MartException>(() => _board.LookAsync([October], woken: false));
        _tokens.Failure = null;

        var news = await _board.LookAsync([October], woken: false);

        Assert.Equal(_time.GetUtcNow(), Assert.Single(news.Tokens).AsOf);
        Assert.Equal(3, _tokens.Looks);
    }

    private sealed class FakeTokens(TimeProvider time) : IChangeTokens
    {
        public Dictionary<Month, string> Version { get; } = new() { [October] = "1", [November] = "1" };

        public TaskCompletionSource? Gate { get; set; }

        public MartException? Failure { get; set; }

        public int Looks { get; private set; }

        public bool LastWoken { get; private set; }

        public IReadOnlyCollection<Month> LastMonths { get; private set; } = [];

        public async Task<IReadOnlyList<MonthToken>> LookAsync(
            Mart mart, IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken)
        {
            (Looks, LastWoken, LastMonths) = (Looks + 1, woken, months);
            if (Gate is { } gate) await gate.Task;
            if (Failure is { } failure) throw failure;
            return [.. months.Select(month => new MonthToken(month, Version[month], time.GetUtcNow()))];
        }
    }
}
