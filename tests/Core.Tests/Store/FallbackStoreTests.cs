using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Store;

public sealed class FallbackStoreTests : IDisposable
{
    private static readonly DateOnly Day = new(2024, 1, 1);
    private readonly SqliteStoreHarness _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Count_StoreDown_IsThisProcesssOwnAndIsAddedWhenTheStoreIsBack()
    {
        var counts = new FailingCounts(_store.NewCounts());
        var fallback = new FallbackStore(
            _store.NewSnapshots(), _store.NewLeases(), counts, TimeProvider.System, NullLogger<FallbackStore>.Instance);
        Assert.True(await AddAsync(fallback, 50));

        counts.IsDown = true;
        Assert.True(await AddAsync(fallback, 70));
        Assert.False(await AddAsync(fallback, 31));
        Assert.True(await AddAsync(fallback, -40));
        Assert.NotNull(fallback.Problem);

        // 50 before and 30 meanwhile.
        counts.IsDown = false;
        Assert.False(await AddAsync(fallback, 21));
        Assert.Null(fallback.Problem);
        Assert.False(await AddAsync(_store.NewCounts(), 21));
        Assert.True(await AddAsync(_store.NewCounts(), 20));
    }

    [Fact]
    public async Task Release_WhileAStoreThatHungIsLeftAlone_IsDoneWhenItIsBack()
    {
        var time = new SteppedTime(TimeProvider.System.GetUtcNow());
        var table = new HangingLeases(_store.NewLeases(), time);
        await using var keeper = new LeaseKeeper(table, new LoneProcess(), time);
        var fallback = new FallbackStore(_store.NewSnapshots(), keeper, _store.NewCounts(), time, NullLogger<FallbackStore>.Instance);
        var lease = await TakeAsync("key");
        Assert.NotEqual(Lease.UnknownFence, lease.Fence);

        table.IsHanging = true;
        // Its time-out begins the time in which nobody asks it.
        await TakeAsync("another");
        await fallback.ReleaseAsync(lease, CancellationToken.None);
        table.IsHanging = false;
        while (!table.Released.Contains("key"))
        {
            await time.NextPauseAsync("the next attempt to give it back");
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.NotNull(await _store.NewLeases().TryAcquireAsync("key", "another", TimeSpan.FromSeconds(10), CancellationToken.None));

        async Task<Lease> TakeAsync(string name) => (await fallback.TryAcquireAsync(name, "me", TimeSpan.FromSeconds(10), CancellationToken.None))!;
    }

    private static Task<bool> AddAsync(IDailyCounts counts, long amount) =>
        counts.TryAddAsync("bytes", Day, amount, 100, CancellationToken.None);

    private sealed class FailingCounts(IDailyCounts counts) : IDailyCounts
    {
        public bool IsDown { get; set; }

        public Task<bool> TryAddAsync(string name, DateOnly day, long amount, long limit, CancellationToken cancellationToken) => IsDown
            ? Task.FromException<bool>(new IOException("away"))
            : counts.TryAddAsync(name, day, amount, limit, cancellationToken);
    }

    /// <summary>While it hangs, each call ends in a time-out of five seconds.</summary>
    private sealed class HangingLeases(ILeaseTable leases, SteppedTime time) : ILeaseTable
    {
        private volatile bool _isHanging;

        public bool IsHanging
        {
            get => _isHanging;
            set => _isHanging = value;
        }

        public ConcurrentBag<string> Released { get; } = [];

        public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
            CallAsync(() => leases.TryAcquireAsync(name, holder, duration, cancellationToken));

        public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) =>
            CallAsync(() => leases.RenewAsync(lease, duration, cancellationToken));

        public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => CallAsync(async () =>
        {
            await leases.ReleaseAsync(lease, cancellationToken);
            Released.Add(lease.Name);
            return true;
        });

        public Task<string?> FindHolderAsync(string name, CancellationToken cancellationToken) => CallAsync(() => leases.FindHolderAsync(name, cancellationToken));

        public Task<Lease?> TakeOverAsync(string name, string ended, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
            CallAsync(() => leases.TakeOverAsync(name, ended, holder, duration, cancellationToken));

        private Task<T> CallAsync<T>(Func<Task<T>> call)
        {
            if (!IsHanging) return call();
            time.Advance(TimeSpan.FromSeconds(5));
            return Task.FromException<T>(new TimeoutException("the store hangs"));
        }
    }
}
