using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Core.Tests.Store;

public sealed class SqliteLeaseStoreTests : IDisposable
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);
    private readonly StoreFile _file = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SqliteLeaseStore _leases;

    public SqliteLeaseStoreTests() => _leases = new SqliteLeaseStore(_file.Open(), _time);

    public void Dispose() => _file.Dispose();

    private Task<Lease?> AcquireAsync(string holder, string name = "key") =>
        _leases.TryAcquireAsync(name, holder, Duration, CancellationToken.None);

    private Task<bool> RenewAsync(Lease lease) => _leases.RenewAsync(lease, Duration, CancellationToken.None);

    [Fact]
    public async Task Acquire_Held_IsRefusedToEveryoneUntilItsTimeIsOver()
    {
        Assert.Equal(new Lease("key", "a", 1), await AcquireAsync("a"));
        Assert.Null(await AcquireAsync("b"));
        Assert.Null(await AcquireAsync("a"));

        _time.Advance(Duration - TimeSpan.FromMilliseconds(1));
        Assert.Null(await AcquireAsync("b"));

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(new Lease("key", "b", 2), await AcquireAsync("b"));
    }

    [Fact]
    public async Task Acquire_OtherName_HasItsOwnFence()
    {
        await AcquireAsync("a");
        Assert.Equal(1, (await AcquireAsync("b", "other"))?.Fence);
    }

    [Fact]
    public async Task Acquire_AfterRelease_IsAtOncePossibleWithAHigherFence()
    {
        var first = await AcquireAsync("a");
        await _leases.ReleaseAsync(first!, CancellationToken.None);

        Assert.Equal(2, (await AcquireAsync("a"))?.Fence);
    }

    [Fact]
    public async Task Renew_Held_HoldsFromNow()
    {
        var lease = await AcquireAsync("a");
        _time.Advance(Duration / 2);
        Assert.True(await RenewAsync(lease!));
        _time.Advance(Duration / 2);

        Assert.Null(await AcquireAsync("b"));
    }

    [Fact]
    public async Task Renew_OverButNotTaken_HoldsAgain()
    {
        var lease = await AcquireAsync("a");
        _time.Advance(Duration * 2);

        Assert.True(await RenewAsync(lease!));
        Assert.Null(await AcquireAsync("b"));
    }

    [Fact]
    public async Task RenewAndRelease_TakenByAnother_AreRefusedAndChangeNothing()
    {
        var stale = await AcquireAsync("a");
        _time.Advance(Duration);
        var held = await AcquireAsync("b");

        Assert.False(await RenewAsync(stale!));
        await _leases.ReleaseAsync(stale!, CancellationToken.None);

        Assert.Null(await AcquireAsync("c"));
        Assert.True(await RenewAsync(held!));
    }

    [Fact]
    public async Task Renew_TakenAgainByTheSameHolder_RefusesTheOlderLease()
    {
        var stale = await AcquireAsync("a");
        _time.Advance(Duration);
        var held = await AcquireAsync("a");

        Assert.False(await RenewAsync(stale!));
        Assert.True(await RenewAsync(held!));
    }

    [Fact]
    public async Task Renew_Released_IsRefused()
    {
        var lease = await AcquireAsync("a");
        await _leases.ReleaseAsync(lease!, CancellationToken.None);

        Assert.False(await RenewAsync(lease!));
    }

    [Fact]
    public async Task Acquire_ManyProcessesRace_OneWinsEachRoundAndTheFenceRises()
    {
        var processes = Enumerable.Range(0, 4).Select(_ => new SqliteLeaseStore(_file.Open(), _time)).ToList();

        for (var round = 1; round <= 20; round++)
        {
            var taken = await Task.WhenAll(processes.Select((process, i) => Task.Run(
                () => process.TryAcquireAsync("key", $"process {i}", Duration, CancellationToken.None))));

            Assert.Equal(round, Assert.Single(taken, lease => lease is not null)!.Fence);
            _time.Advance(Duration);
        }
    }

    [Fact]
    public async Task Acquire_WithoutDuration_Throws() => await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
        () => _leases.TryAcquireAsync("key", "a", TimeSpan.Zero, CancellationToken.None));
}
