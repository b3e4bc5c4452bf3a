using System.Collections.Concurrent;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>A refresh belongs to all who wait for it: it ends, in the mart too, when the last one has gone, and not before.</summary>
public sealed class GivingUpTests : IAsyncLifetime
{
    private readonly CacheFixture _cache = new();
    private readonly CancellationTokenSource _first = new();
    private readonly CancellationTokenSource _second = new();
    private readonly KeyTable _owner;

    public GivingUpTests() => _owner = _cache.Owner();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _cache.Mart.Gate?.TrySetResult();
        _cache.Mart.TokenGate?.TrySetResult();
        _cache.Mart.Linger?.TrySetResult();
        await _cache.DisposeAsync();
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public async Task Get_LastCallerLeaves_TheMartIsToldAndTheLeaseGivenBack()
    {
        _cache.Mart.Gate = NewGate();
        var first = AskAsync(default, _first.Token);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        var second = AskAsync(default, _second.Token);

        await LeaveAsync(first, _first);
        Assert.False(_cache.Mart.ReadGivenUp.Task.IsCompleted, "one caller's leaving took the other's refresh away");
        await LeaveAsync(second, _second);
        _cache.Time.Advance(CachedQuery.ReloadTime - TimeSpan.FromMilliseconds(1));
        Assert.False(_cache.Mart.ReadGivenUp.Task.IsCompleted, "given up before one who reloads can be back");
        _cache.Time.Advance(TimeSpan.FromMilliseconds(1));

        await CacheFixture.InTimeAsync(_cache.Mart.ReadGivenUp.Task, "the giving up");
        await CacheFixture.InTimeAsync(_owner.WhenIdleAsync(), "the end of the refresh");
        var lease = await _cache.Leases.TryAcquireAsync(CacheFixture.Key.ToString(), "another", TimeSpan.FromHours(1), default);
        Assert.NotNull(lease);
        await _cache.Leases.ReleaseAsync(lease, default);
        Assert.Equal(0, _owner.List().Single().Rows);
    }

    [Fact]
    public async Task Get_CallerLeavesAndComesBackAgainAndAgain_JoinsTheSameRefresh()
    {
        var gate = _cache.Mart.Gate = NewGate();
        var first = AskAsync(default, _first.Token);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        await LeaveAsync(first, _first);
        _cache.Time.Advance(CachedQuery.ReloadTime / 2);
        var second = AskAsync(default, _second.Token);
        // Over for the first leaving, but somebody is back.
        _cache.Time.Advance(CachedQuery.ReloadTime);
        await LeaveAsync(second, _second);
        _cache.Time.Advance(CachedQuery.ReloadTime / 2);
        var third = AskAsync();

        gate.SetResult();

        Assert.Equal(CacheResult.Miss, (await CacheFixture.ResultInTimeAsync(third, "the answer")).Result);
        Assert.Equal((1, false), (_cache.Mart.Reads, _cache.Mart.ReadGivenUp.Task.IsCompleted));
    }

    [Fact]
    public async Task Get_WhileARefreshIsBeingGivenUp_BeginsAnewAtItsEnd()
    {
        (_cache.Mart.Gate, _cache.Mart.Linger) = (NewGate(), NewGate());
        await LeaveInTheMiddleAsync(CacheDemand.Default);

        var asking = AskAsync();
        Assert.Equal((1, false), (_cache.Mart.Reads, asking.IsCompleted));
        _cache.Mart.Gate = null;
        _cache.Mart.Linger.SetResult();

        Assert.Equal(CacheResult.Miss, (await CacheFixture.ResultInTimeAsync(asking, "the answer")).Result);
        Assert.Equal(2, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_StaleWhileARefreshIsBeingGivenUp_IsRefreshedBehindAllTheSame()
    {
        await AskAsync();
        (_cache.Mart.TokenGate, _cache.Mart.Linger) = (NewGate(), NewGate());
        // Else what was stored just now would do for a check.
        _cache.Time.Advance(TimeSpan.FromMilliseconds(1));
        await LeaveInTheMiddleAsync(CacheDemand.Check);
        _cache.Change("2", 200m);
        _cache.Time.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal((CacheResult.Stale, 100m), Told(await AskAsync()));
        _cache.Mart.TokenGate = null;
        _cache.Mart.Linger.SetResult();
        await CacheFixture.InTimeAsync(_owner.WhenIdleAsync(), "the refresh behind the answer");

        Assert.Equal((CacheResult.Hit, 200m), Told(await AskAsync()));
    }

    [Fact]
    public async Task Get_RefreshBehindAStaleAnswer_RunsOnWhenWhoWaitsForItLeaves()
    {
        await AskAsync();
        _cache.Mart.Gate = NewGate();
        _cache.Change("2", 200m);
        _cache.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal((CacheResult.Stale, 100m), Told(await AskAsync()));

        await LeaveAsync(AskAsync(CacheDemand.Check, _first.Token), _first);
        _cache.Mart.Gate.SetResult();
        await CacheFixture.InTimeAsync(_owner.WhenIdleAsync(), "the refresh behind the answer");

        Assert.Equal((CacheResult.Hit, 200m), Told(await AskAsync()));
        Assert.False(_cache.Mart.ReadGivenUp.Task.IsCompleted);
    }

    [Fact]
    public async Task Get_RefreshJoinedByAStaleAnswer_RunsOnWhenWhoBeganItLeaves()
    {
        await AskAsync();
        _cache.Mart.Gate = NewGate();
        _cache.Change("2", 200m);
        _cache.Mart.ReadBegan = NewGate();
        var checking = AskAsync(CacheDemand.Check, _first.Token);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        _cache.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal((CacheResult.Stale, 100m), Told(await AskAsync()));

        await LeaveAsync(checking, _first);
        _cache.Mart.Gate.SetResult();
        await CacheFixture.InTimeAsync(_owner.WhenIdleAsync(), "the refresh behind the answer");

        Assert.Equal(200m, Told(await AskAsync()).Amount);
    }

    [Fact]
    public async Task Get_GivenUpAndTheMartFailsLater_NobodyIsLeftToHearOfIt()
    {
        const string Late = "a failure that comes late";
        var unobserved = new ConcurrentQueue<Exception>();
        EventHandler<UnobservedTaskExceptionEventArgs> hear = (_, heard) =>
        {
            if (heard.Exception.ToString().Contains(Late, StringComparison.Ordinal)) unobserved.Enqueue(heard.Exception);
        };
        TaskScheduler.UnobservedTaskException += hear;
        try
        {
            await FailLateAsync();
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            Assert.Empty(unobserved);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= hear;
        }

        async Task FailLateAsync()
        {
            _cache.Mart.Gate = NewGate();
            var linger = _cache.Mart.Linger = NewGate();
            await LeaveInTheMiddleAsync(default);
            linger.SetException(new MartException(Late));
            await CacheFixture.InTimeAsync(_owner.WhenIdleAsync(), "the end of the refresh");
            _cache.Mart.Linger = null;
        }
    }

    private static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static (CacheResult Result, decimal Amount) Told(CachedAnswer answer) => (answer.Result, answer.Snapshot.Rows[0].TotalAmount);

    private static async Task LeaveAsync(Task<CachedAnswer> asking, CancellationTokenSource caller)
    {
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CacheFixture.InTimeAsync(asking, "the caller's leaving"));
    }

    /// <summary>A caller that leaves while the mart reads; the mart has heard of it.</summary>
    private async Task LeaveInTheMiddleAsync(CacheDemand demand)
    {
        _cache.Mart.ReadBegan = NewGate();
        var asking = AskAsync(demand, _first.Token);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        await LeaveAsync(asking, _first);
        _cache.Time.Advance(CachedQuery.ReloadTime);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadGivenUp.Task, "the giving up");
    }

    private Task<CachedAnswer> AskAsync(CacheDemand demand = default, CancellationToken cancellationToken = default) =>
        _owner.GetAsync(CacheFixture.Key, demand, cancellationToken).AsTask();
}
