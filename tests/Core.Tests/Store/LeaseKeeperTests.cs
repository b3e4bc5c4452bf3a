using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>What a process owes to the leases is given back, whatever became of the store meanwhile.</summary>
public sealed class LeaseKeeperTests : IAsyncLifetime
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly WatchedTime _time = new(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Table _table;
    private readonly LeaseKeeper _keeper;

    public LeaseKeeperTests()
    {
        _table = new Table(_time);
        _keeper = new LeaseKeeper(_table, new Holders(), _time);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _keeper.DisposeAsync();

    [Fact]
    public async Task Release_StoreAway_IsMadeGoodWhenTheStoreIsBack()
    {
        var lease = await AcquireAsync();
        _table.Failure = Failure.Before;
        await Assert.ThrowsAsync<StoreException>(() => _keeper.ReleaseAsync(lease!, CancellationToken.None));
        for (var i = 0; i < 5; i++) await PauseAsync();
        Assert.NotNull(_table.HolderOf("key"));

        _table.Failure = Failure.None;
        await PauseAsync();

        await Phase.UntilAsync(() => _table.HolderOf("key") is null, "the giving back");
    }

    [Fact]
    public async Task Acquire_AnswerLost_IsGivenBackToo()
    {
        _table.Failure = Failure.After;
        await Assert.ThrowsAsync<StoreException>(AcquireAsync);
        Assert.NotNull(_table.HolderOf("key"));

        _table.Failure = Failure.None;
        await PauseAsync();

        await Phase.UntilAsync(() => _table.HolderOf("key") is null, "the giving back");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Acquire_OwesThatLease_TakesItAgainUnderANewFence(bool answerLost)
    {
        if (answerLost)
        {
            _table.Failure = Failure.After;
            await Assert.ThrowsAsync<StoreException>(AcquireAsync);
        }
        else
        {
            var lease = await AcquireAsync();
            _table.Failure = Failure.Before;
            await Assert.ThrowsAsync<StoreException>(() => _keeper.ReleaseAsync(lease!, CancellationToken.None));
        }
        await Assert.ThrowsAsync<StoreException>(AcquireAsync);
        _table.Failure = Failure.None;

        var again = await AcquireAsync();

        Assert.True(again!.Fence >= 2);
        Assert.Equal(again.Holder, _table.HolderOf("key"));
        // What was owed is paid: the new one is not taken for it.
        await PauseAsync();
        Assert.True(await _keeper.RenewAsync(again, Duration, CancellationToken.None));
    }

    [Fact]
    public async Task Acquire_HeldByAProcessThatHasEnded_IsTakenOver()
    {
        await _table.TryAcquireAsync("key", "dead/7", Duration, CancellationToken.None);
        await _table.TryAcquireAsync("other", "alive/7", Duration, CancellationToken.None);

        Assert.Equal(2, (await AcquireAsync())!.Fence);
        Assert.Null(await AcquireAsync("other"));
        // And by nobody from this one, twice.
        Assert.Null(await AcquireAsync());
    }

    [Fact]
    public async Task Owed_LongerThanItsTime_IsForgotten()
    {
        _table.Failure = Failure.After;
        await Assert.ThrowsAsync<StoreException>(AcquireAsync);
        _table.Failure = Failure.Before;
        for (var i = 0; i <= Duration / Pause; i++) await PauseAsync();
        var releases = _table.Releases;

        _table.Failure = Failure.None;
        Assert.NotNull(await AcquireAsync());
        Assert.Equal(releases, _table.Releases);
    }

    private Task<Lease?> AcquireAsync() => AcquireAsync("key");

    private Task<Lease?> AcquireAsync(string name) => _keeper.TryAcquireAsync(name, "me", Duration, CancellationToken.None);

    private async Task PauseAsync()
    {
        await _time.UntilWaitedForAsync(Pause, "The next giving back");
        _time.Advance(Pause);
    }

    private enum Failure
    {
        None,
        Before,
        After,
    }

    private sealed class Holders : ILeaseHolders
    {
        public string Own => "me";

        public bool HasEnded(string holder) => holder.StartsWith("dead/", StringComparison.Ordinal);
    }

    /// <summary>Leases in memory, whose line fails before or after what was asked is done.</summary>
    private sealed class Table(TimeProvider time) : ILeaseTable
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, (string Holder, long Fence, DateTimeOffset End)> _leases = new(StringComparer.Ordinal);

        public Failure Failure { get; set; }

        public int Releases { get; private set; }

        public string? HolderOf(string name)
        {
            lock (_gate) return _leases.TryGetValue(name, out var lease) && lease.End > time.GetUtcNow() ? lease.Holder : null;
        }

        public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
            DoAsync(() => HolderOf(name) is null ? Take(name, holder, duration) : null);

        public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) => DoAsync(() => Holds(lease));

        public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => DoAsync(() =>
        {
            Releases++;
            if (Holds(lease)) _leases[lease.Name] = _leases[lease.Name] with { End = default };
            return true;
        });

        public Task<string?> FindHolderAsync(string name, CancellationToken cancellationToken) => DoAsync(() => HolderOf(name));

        public Task<Lease?> TakeOverAsync(string name, string ended, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
            DoAsync(() => HolderOf(name) == ended ? Take(name, holder, duration) : null);

        private Lease? Take(string name, string holder, TimeSpan duration)
        {
            var fence = _leases.GetValueOrDefault(name).Fence + 1;
            _leases[name] = (holder, fence, time.GetUtcNow() + duration);
            return new Lease(name, holder, fence);
        }

        private bool Holds(Lease lease) => _leases.TryGetValue(lease.Name, out var held) && held.Holder == lease.Holder
            && (lease.Fence == Lease.UnknownFence || lease.Fence == held.Fence);

        private Task<T> DoAsync<T>(Func<T> act)
        {
            lock (_gate)
            {
                if (Failure == Failure.Before) return Task.FromException<T>(new StoreException("away"));
                var result = act();
                return Failure == Failure.After ? Task.FromException<T>(new StoreException("cut")) : Task.FromResult(result);
            }
        }
    }
}
