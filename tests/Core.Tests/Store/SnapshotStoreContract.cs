using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>What every store of snapshots does alike; each kind of store derives its tests from this.</summary>
public abstract class SnapshotStoreContract
{
    private static readonly QueryKey Key = new(Mart.Operational, "Halal", new Month(2023, 10));
    private static readonly DateTimeOffset Noon = new(2023, 11, 1, 12, 0, 0, 123, 456, TimeSpan.Zero);
    private ISnapshotStore? _snapshots;

    protected abstract StoreHarness Store { get; }

    private ISnapshotStore Snapshots => _snapshots ??= Store.NewSnapshots();

    [Fact]
    public async Task Load_Committed_GivesEverythingBackInAnotherProcess()
    {
        var committed = await CommitAsync(await LeaseAsync(), Snapshot(1, "v1", Noon, 3));

        var loaded = await Store.NewSnapshots().LoadAsync(Key, CancellationToken.None);

        Assert.Equal(1, committed!.Version);
        Assert.Equal((committed.Version, "v1", Noon, Noon), (loaded!.Version, loaded.DataVersion, loaded.DataAsOf, loaded.CheckedAt));
        Assert.Equal(committed.Rows.All(), loaded.Rows.All());
        Assert.Equal(new SnapshotHead(1, "v1", Noon, Noon), await Snapshots.FindAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task Find_NothingOrAnotherKey_GivesNull()
    {
        await CommitAsync(await LeaseAsync(), Snapshot(1, "v1", Noon, 1));

        Assert.Null(await Snapshots.FindAsync(Key with { Prefix = "halal" }, CancellationToken.None));
        Assert.Null(await Snapshots.LoadAsync(Key with { Mart = Mart.Warehouse }, CancellationToken.None));
    }

    [Fact]
    public async Task Commit_SameSnapshotCheckedLater_MovesOnlyCheckedAt()
    {
        var lease = await LeaseAsync();
        var first = await CommitAsync(lease, Snapshot(1, "v1", Noon, 1));

        var again = await CommitAsync(lease, first! with { CheckedAt = Noon.AddMinutes(1) });

        Assert.Equal(1, again!.Version);
        Assert.Equal(new SnapshotHead(1, "v1", Noon, Noon.AddMinutes(1)), await Snapshots.FindAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task Commit_NewRows_AlwaysRaisesTheVersion()
    {
        var lease = await LeaseAsync();
        await CommitAsync(lease, Snapshot(5, "v1", Noon, 1));

        Assert.Equal(6, (await CommitAsync(lease, Snapshot(1, "v2", Noon.AddMinutes(1), 2)))!.Version);
        Assert.Equal(9, (await CommitAsync(lease, Snapshot(9, "v3", Noon.AddMinutes(2), 3)))!.Version);
    }

    [Fact]
    public async Task Commit_LeaseTakenByAnother_WritesNothing()
    {
        var dead = await LeaseAsync("dead");
        await CommitAsync(dead, Snapshot(1, "v1", Noon, 1));
        await Store.PassAsync(TimeSpan.FromMinutes(1));
        var alive = await LeaseAsync("alive");

        Assert.Null(await CommitAsync(dead, Snapshot(2, "late", Noon.AddMinutes(1), 2)));
        Assert.Null(await CommitAsync(dead, Snapshot(1, "v1", Noon, 1) with { CheckedAt = Noon.AddHours(1) }));

        Assert.Equal(new SnapshotHead(1, "v1", Noon, Noon), await Snapshots.FindAsync(Key, CancellationToken.None));
        Assert.Equal(2, (await CommitAsync(alive, Snapshot(1, "v2", Noon.AddMinutes(2), 3)))!.Version);
    }

    [Fact]
    public async Task Remove_Stored_TakesTheRowsAndKeepsTheVersionRising()
    {
        var lease = await LeaseAsync();
        await CommitAsync(lease, Snapshot(4, "v1", Noon, 1));

        Assert.True(await Snapshots.RemoveAsync(Key, CancellationToken.None));
        Assert.False(await Snapshots.RemoveAsync(Key, CancellationToken.None));
        Assert.Null(await Snapshots.FindAsync(Key, CancellationToken.None));
        Assert.Null(await Snapshots.LoadAsync(Key, CancellationToken.None));
        Assert.Equal(5, (await CommitAsync(lease, Snapshot(1, "v1", Noon, 1)))!.Version);
    }

    [Fact]
    public async Task Commit_RacedByManyHolders_EveryVersionIsGivenOnce()
    {
        using var released = new SemaphoreSlim(0);
        var versions = await Task.WhenAll(Enumerable.Range(0, 8).Select(holder => Task.Run(async () =>
        {
            var (leases, snapshots) = (Store.NewLeases(), Store.NewSnapshots());
            Lease? lease;
            while ((lease = await leases.TryAcquireAsync(Key.ToString(), $"{holder}", TimeSpan.FromMinutes(1), CancellationToken.None)) is null)
                Assert.True(await released.WaitAsync(TimeSpan.FromSeconds(30)), "nobody released the lease within 30 s");
            var committed = await snapshots.CommitAsync(lease, Snapshot(1, $"v{holder}", Noon.AddSeconds(holder), holder), CancellationToken.None);
            await leases.ReleaseAsync(lease, CancellationToken.None);
            // For all who are refused meanwhile.
            released.Release(8);
            return committed!.Version;
        })));

        Assert.Equal(Enumerable.Range(1, 8).Select(version => (long)version), versions.Order());
    }

    [Fact]
    public async Task FindNewestMonth_Stored_IsTheNewestOfThatMartThatHasRows()
    {
        Assert.Null(await Snapshots.FindNewestMonthAsync(Mart.Operational, CancellationToken.None));

        await StoreAsync(Mart.Operational, "Halal", "2023-09", rows: 1);
        await StoreAsync(Mart.Operational, "Halal Tea", "2023-10", rows: 1);
        await StoreAsync(Mart.Operational, "Halal", "2023-10", rows: 0);
        await StoreAsync(Mart.Operational, "Halal", "2030-01", rows: 0);
        await StoreAsync(Mart.Warehouse, "Halal", "2023-11", rows: 1);
        await StoreAsync(Mart.Operational, "Halal", "2023-12", rows: 1);
        await Snapshots.RemoveAsync(new QueryKey(Mart.Operational, "Halal", new Month(2023, 12)), CancellationToken.None);

        Assert.Equal(new Month(2023, 10), await Snapshots.FindNewestMonthAsync(Mart.Operational, CancellationToken.None));
        Assert.Equal(new Month(2023, 11), await Store.NewSnapshots().FindNewestMonthAsync(Mart.Warehouse, CancellationToken.None));

        async Task StoreAsync(Mart mart, string prefix, string month, int rows)
        {
            var key = new QueryKey(mart, prefix, Month.Parse(month));
            var lease = await Store.NewLeases().TryAcquireAsync(key.ToString(), "holder", TimeSpan.FromSeconds(30), CancellationToken.None);
            await CommitAsync(lease!, Snapshot(1, "v1", Noon, rows) with { Key = key });
        }
    }

    private async Task<Lease> LeaseAsync(string holder = "holder") => (await Store.NewLeases()
        .TryAcquireAsync(Key.ToString(), holder, TimeSpan.FromSeconds(30), CancellationToken.None))!;

    private Task<Snapshot?> CommitAsync(Lease lease, Snapshot snapshot) => Snapshots.CommitAsync(lease, snapshot, CancellationToken.None);

    private static Snapshot Snapshot(long version, string dataVersion, DateTimeOffset asOf, int rows)
    {
        var builder = new MartRowsBuilder();
        for (var i = 0; i < rows; i++) builder.Add(new MartRow($"{i:x64}", "Halal Tea", new DateOnly(2023, 10, 1), 1.5m * i, 1.5m, 1, i));
        return new Snapshot(Key, version, dataVersion, asOf, asOf, builder.Build());
    }
}
