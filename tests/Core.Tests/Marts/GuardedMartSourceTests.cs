using System.Collections.Concurrent;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Marts;

public sealed class GuardedMartSourceTests
{
    private static readonly Month October = Month.Parse("2023-10");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly SteppedTime _time = new(new DateTimeOffset(2023, 11, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly ScriptedMart _mart = new();

    [Fact]
    public async Task Ask_PassingFailure_IsRetriedAfterABackoff()
    {
        using var guarded = Guarded();
        _mart.Script.Enqueue(_ => throw new MartException("lost", MartFailure.Transient));
        _mart.Script.Enqueue(_ => Task.FromResult("7"));

        var asking = guarded.GetChangeTokenAsync(October, CancellationToken.None);
        await PassPauseAsync();

        Assert.Equal("7", await asking.WaitAsync(Patience));
        Assert.Equal(2, _mart.Asked);
    }

    [Fact]
    public async Task Ask_LastingFailure_IsNotRetried()
    {
        using var guarded = Guarded();
        _mart.Script.Enqueue(_ => throw new MartException("no such table"));

        var failed = await Assert.ThrowsAsync<MartException>(() => guarded.GetChangeTokenAsync(October, CancellationToken.None));

        Assert.Equal("no such table", failed.Message);
        Assert.Equal(1, _mart.Asked);
    }

    [Fact]
    public async Task Ask_MartThatNeverAnswers_EndsInTimeAndFreesItsSlot()
    {
        var options = new MartGuardOptions { MaxConcurrent = 1, Retries = 1 };
        using var guarded = Guarded(options);
        using var attempts = new SemaphoreSlim(0);
        for (var i = 0; i < 2; i++)
        {
            _mart.Script.Enqueue(cancelled =>
            {
                attempts.Release();
                return NeverAsync(cancelled);
            });
        }
        var attempt = TimeSpan.FromSeconds(options.AttemptTimeoutSeconds);

        var asking = guarded.GetChangeTokenAsync(October, CancellationToken.None);
        Assert.True(await attempts.WaitAsync(Patience), "the first attempt did not begin");
        _time.Advance(attempt);
        await PassPauseAsync();
        Assert.True(await attempts.WaitAsync(Patience), "the second attempt did not begin");
        _time.Advance(attempt);
        var failed = await Assert.ThrowsAsync<MartException>(() => asking.WaitAsync(Patience));

        Assert.Equal(MartFailure.Transient, failed.Failure);
        _mart.Script.Clear();
        _mart.Script.Enqueue(_ => Task.FromResult("8"));
        Assert.Equal("8", await guarded.GetChangeTokenAsync(October, CancellationToken.None).WaitAsync(Patience));
    }

    [Fact]
    public async Task Ask_MoreThanTheLimit_WaitTheirTurn()
    {
        using var guarded = Guarded(new() { MaxConcurrent = 2 });
        var gate = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var i = 0; i < 5; i++) _mart.Script.Enqueue(_ => gate.Task);

        var asking = Enumerable.Range(0, 5).Select(_ => guarded.GetChangeTokenAsync(October, CancellationToken.None)).ToArray();
        Assert.Equal(2, _mart.Asked);
        gate.SetResult("9");

        Assert.All(await Task.WhenAll(asking), token => Assert.Equal("9", token));
        Assert.Equal(2, _mart.MostAtOnce);
    }

    [Fact]
    public async Task Ask_MartThatKeepsFailing_OpensTheBreakerAndTriesAgainLater()
    {
        using var guarded = Guarded(new() { Retries = 0, BreakerMinAttempts = 4, BreakerOpenSeconds = 5 });
        for (var i = 0; i < 4; i++)
        {
            _mart.Script.Enqueue(_ => throw new MartException("lost", MartFailure.Transient));
            await Assert.ThrowsAsync<MartException>(() => guarded.GetChangeTokenAsync(October, CancellationToken.None));
        }

        var refused = await Assert.ThrowsAsync<MartException>(() => guarded.GetChangeTokenAsync(October, CancellationToken.None));

        Assert.Equal(MartFailure.Unavailable, refused.Failure);
        Assert.NotNull(refused.RetryAfter);
        Assert.InRange(refused.RetryAfter.Value, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.NotNull(guarded.Problem);
        Assert.Equal(4, _mart.Asked);

        _time.Advance(TimeSpan.FromSeconds(6));
        _mart.Script.Enqueue(_ => Task.FromResult("10"));
        Assert.Equal("10", await guarded.GetChangeTokenAsync(October, CancellationToken.None));
        Assert.Null(guarded.Problem);
    }

    [Fact]
    public async Task Ask_CallerGoesAway_IsCancelledAndNotRetried()
    {
        using var guarded = Guarded();
        using var leaving = new CancellationTokenSource();
        _mart.Script.Enqueue(NeverAsync);
        var asking = guarded.GetChangeTokenAsync(October, leaving.Token);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal(1, _mart.Asked);
    }

    private GuardedMartSource Guarded(MartGuardOptions? options = null) => new(_mart, options ?? new(), _time);

    /// <summary>Lets the pause before the next attempt pass as soon as it is made, and no other time.</summary>
    private async Task PassPauseAsync() => _time.Advance(await _time.NextPauseAsync("the pause before the next attempt"));

    private static async Task<string> NeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return "never";
    }

    private sealed class ScriptedMart : IMartSource
    {
        private int _now;
        private int _asked;
        private int _most;

        public ConcurrentQueue<Func<CancellationToken, Task<string>>> Script { get; } = [];

        public int Asked => _asked;

        public int MostAtOnce => _most;

        public string Store => "scripted";

        public async Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            _most = Math.Max(_most, Interlocked.Increment(ref _now));
            try
            {
                return Script.TryDequeue(out var answer) ? await answer(cancellationToken) : throw new InvalidOperationException("asked too often");
            }
            finally
            {
                Interlocked.Decrement(ref _now);
            }
        }

        public Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
