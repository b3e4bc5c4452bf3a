using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>What every store of leases does alike; each kind of store derives its tests from this.</summary>
public abstract class LeaseStoreContract
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);
    private ILeaseTable? _leases;

    protected abstract StoreHarness Store { get; }

    private ILeaseTable Leases => _leases ??= Store.NewLeases();

    private Task<Lease?> AcquireAsync(string holder, string name = "key") =>
        Leases.TryAcquireAsync(name, holder, Duration, CancellationToken.None);

    private Task<bool> RenewAsync(Lease lease) => Leases.RenewAsync(lease, Duration, CancellationToken.None);

    [Fact]
    public async Task Acquire_Held_IsRefusedToEveryoneUntilItsTimeIsOver()
    {
        Assert.Equal(new Lease("key", "a", 1), await AcquireAsync("a"));
        Assert.Null(await AcquireAsync("b"));
        Assert.Null(await AcquireAsync("a"));

        await Store.PassAsync(Duration - TimeSpan.FromSeconds(5));
        Assert.Null(await AcquireAsync("b"));

        await Store.PassAsync(TimeSpan.FromSeconds(5));
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
        await Leases.ReleaseAsync(first!, CancellationToken.None);

        Assert.Equal(2, (await AcquireAsync("a"))?.Fence);
    }

    [Fact]
    public async Task Renew_Held_HoldsFromNow()
    {
        var lease = await AcquireAsync("a");
        await Store.PassAsync(Duration / 2);
        Assert.True(await RenewAsync(lease!));
        await Store.PassAsync(Duration / 2);

        Assert.Null(await AcquireAsync("b"));
    }

    [Fact]
    public async Task Renew_OverButNotTaken_HoldsAgain()
    {
        var lease = await AcquireAsync("a");
        await Store.PassAsync(Duration * 2);

        Assert.True(await RenewAsync(lease!));
        Assert.Null(await AcquireAsync("b"));
    }

    [Fact]
    public async Task RenewAndRelease_TakenByAnother_AreRefusedAndChangeNothing()
    {
        var stale = await AcquireAsync("a");
        await Store.PassAsync(Duration);
        var held = await AcquireAsync("b");

        Assert.False(await RenewAsync(stale!));
        await Leases.ReleaseAsync(stale!, CancellationToken.None);

        Assert.Null(await AcquireAsync("c"));
        Assert.True(await RenewAsync(held!));
    }

    [Fact]
    public async Task Renew_TakenAgainByTheSameHolder_RefusesTheOlderLease()
    {
        var stale = await AcquireAsync("a");
        await Store.PassAsync(Duration);
        var held = await AcquireAsync("a");

        Assert.False(await RenewAsync(stale!));
        Assert.True(await RenewAsync(held!));
    }

    [Fact]
    public async Task Renew_Released_IsRefused()
    {
        var lease = await AcquireAsync("a");
        await Leases.ReleaseAsync(lease!, CancellationToken.None);

        Assert.False(await RenewAsync(lease!));
    }

    [Fact]
    public async Task Acquire_ManyProcessesRace_OneWinsEachRoundAndTheFenceRises()
    {
        var processes = Enumerable.Range(0, 4).Select(_ => Store.NewLeases()).ToList();

        for (var round = 1; round <= 20; round++)
        {
            var taken = await Task.WhenAll(processes.Select((process, i) => Task.Run(
                () => process.TryAcquireAsync("key", $"process {i}", Duration, CancellationToken.None))));

            Assert.Equal(round, Assert.Single(taken, lease => lease is not null)!.Fence);
            await Store.PassAsync(Duration);
        }
    }

    [Fact]
    public async Task FindHolder_IsWhoHoldsItNow()
    {
        Assert.Null(await Leases.FindHolderAsync("key", CancellationToken.None));
        var lease = await AcquireAsync("a");
        Assert.Equal("a", await Leases.FindHolderAsync("key", CancellationToken.None));

        await Store.PassAsync(Duration);
        Assert.Null(await Leases.FindHolderAsync("key", CancellationToken.None));
        Assert.True(await RenewAsync(lease!));
        Assert.Equal("a", await Leases.FindHolderAsync("key", CancellationToken.None));
        await Leases.ReleaseAsync(lease!, CancellationToken.None);
        Assert.Null(await Leases.FindHolderAsync("key", CancellationToken.None));
    }

    [Fact]
    public async Task TakeOver_FromWhoHoldsIt_RaisesTheFenceAndRefusesTheOldHolder()
    {
        var old = await AcquireAsync("a");

        Assert.Null(await Leases.TakeOverAsync("key", "other", "b", Duration, CancellationToken.None));
        Assert.Null(await Leases.TakeOverAsync("none", "a", "b", Duration, CancellationToken.None));
        Assert.Equal(new Lease("key", "b", 2), await Leases.TakeOverAsync("key", "a", "b", Duration, CancellationToken.None));
        // Only one of many that saw the same holder.
        Assert.Null(await Leases.TakeOverAsync("key", "a", "c", Duration, CancellationToken.None));

        Assert.False(await RenewAsync(old!));
        await Leases.ReleaseAsync(old!, CancellationToken.None);
        Assert.Equal("b", await Leases.FindHolderAsync("key", CancellationToken.None));
    }

    [Fact]
    public async Task Release_FenceUnknown_GivesBackWhateverThatHolderHasAndNothingElse()
    {
        await AcquireAsync("a");
        await Leases.ReleaseAsync(new Lease("key", "b", Lease.UnknownFence), CancellationToken.None);
        Assert.Equal("a", await Leases.FindHolderAsync("key", CancellationToken.None));

        await Leases.ReleaseAsync(new Lease("key", "a", Lease.UnknownFence), CancellationToken.None);
        Assert.Equal(2, (await AcquireAsync("b"))?.Fence);
    }

    [Fact]
    public async Task Acquire_WithoutDuration_Throws() => await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
        () => Leases.TryAcquireAsync("key", "a", TimeSpan.Zero, CancellationToken.None));
}
