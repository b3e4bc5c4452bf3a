using System.Diagnostics;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>What every store of snapshots does alike; each kind of store derives its tests from this.</summary>
public abstract class SnapshotStoreContract
{
    private static readonly QueryKey Key = new(Mart.Operational, "Halal", new Month(2023, 10));
    private static readonly DateTimeOffset Noon = new(2023, 11, 1, 12, 0, 0, 123, 456, TimeSpan.Zero);
    private readonly long _started = Stopwatch.GetTimestamp();
    private ISnapshotStore? _snapshots;
    private long _version;

    protected abstract StoreHarness Store { get; }

    private ISnapshotStore Snapshots => _snapshots ??= Store.NewSnapshots();

    [Fact]
    public async Task Load_Committed_GivesEverythingBackInAnotherProcess()
    {
        var committed = Snapshot(1, "v1", Noon, 3);
        await StoreAsync(await LeaseAsync(), committed);

        var loaded = await Store.NewSnapshots().LoadAsync(Key, CancellationToken.None);

        AssertHead(1, "v1", Noon, Noon, new(loaded!.Version, loaded.DataVersion, loaded.DataAsOf, loaded.CheckedAt));
        Assert.Equal(committed.Rows.All(), loaded.Rows.All());
        AssertHead(1, "v1", Noon, Noon, await Snapshots.FindAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task Find_NothingOrAnotherKey_GivesNull()
    {
        await StoreAsync(await LeaseAsync(), Snapshot(1, "v1", Noon, 1));

        Assert.Null(await Snapshots.FindAsync(Key with { Prefix = "halal" }, CancellationToken.None));
        Assert.Null(await Snapshots.LoadAsync(Key with { Mart = Mart.Warehouse }, CancellationToken.None));
    }

    [Fact]
    public async Task Commit_SameSnapshotCheckedLater_MovesOnlyCheckedAt()
    {
        var lease = await LeaseAsync();
        var first = Snapshot(1, "v1", Noon, 1);
        await StoreAsync(lease, first);

        await StoreAsync(lease, first with { CheckedAt = Noon.AddMinutes(1) });

        AssertHead(1, "v1", Noon, Noon.AddMinutes(1), await Snapshots.FindAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task Note_MonthUnchanged_CountsAsCheckedThenForAllItsKeys()
    {
        await StoreAsync(await LeaseAsync(), Snapshot(1, "v1", Noon, 1));
        var other = Key with { Prefix = "Halal Tea" };
        await StoreAsync(await LeaseAsync(key: other), Snapshot(2, "v1", Noon.AddMinutes(1), 1) with { Key = other });

        await NoteAsync("v1", Noon.AddMinutes(5));
        await NoteAsync("v1", Noon.AddMinutes(4));

        AssertHead(1, "v1", Noon, Noon.AddMinutes(5), await Snapshots.FindAsync(Key, CancellationToken.None));
        AssertHead(2, "v1", Noon.AddMinutes(1), Noon.AddMinutes(5), await Store.NewSnapshots().FindAsync(other, CancellationToken.None));
        var loaded = (await Store.NewSnapshots().LoadAsync(Key, CancellationToken.None))!;
        AssertHead(1, "v1", Noon, Noon.AddMinutes(5), new(loaded.Version, loaded.DataVersion, loaded.DataAsOf, loaded.CheckedAt));
    }

    [Fact]
    public async Task Note_MonthHasChangedOrIsAnother_ChecksNothing()
    {
        await StoreAsync(await LeaseAsync(), Snapshot(1, "v1", Noon, 1));

        await NoteAsync("v1", Noon.AddMinutes(4));
        await NoteAsync("v2", Noon.AddMinutes(5));
        await Snapshots.NoteAsync(Mart.Operational, [new(new Month(2023, 11), "v1", Noon.AddMinutes(6))], CancellationToken.None);
        await Snapshots.NoteAsync(Mart.Warehouse, [new(Key.Month, "v1", Noon.AddMinutes(6))], CancellationToken.None);

        // What was right until the change was right until then.
        AssertHead(1, "v1", Noon, Noon.AddMinutes(4), await Snapshots.FindAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task Note_FromATimeToCome_GivesWay()
    {
        await StoreAsync(await LeaseAsync(), Snapshot(1, "v1", Noon, 1));

        await NoteAsync("v1", Noon.AddYears(100));
        AssertHead(1, "v1", Noon, Noon, await Snapshots.FindAsync(Key, CancellationToken.None));
        await NoteAsync("v1", Noon.AddMinutes(5));

        AssertHead(1, "v1", Noon, Noon.AddMinutes(5), await Snapshots.FindAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task Note_ManyAtOnceInAnyOrder_HoldNobodyUp()
    {
        var months = Enumerable.Range(1, 9).Select(month => new Month(2023, month)).ToList();
        foreach (var month in months)
        {
            var key = Key with { Month = month };
            await StoreAsync(await LeaseAsync(key: key), Snapshot(1, "v1", Noon, 1) with { Key = key });
        }

        await Task.WhenAll(Enumerable.Range(1, 40).Select(i => Task.Run(() => Store.NewSnapshots().NoteAsync(
            Mart.Operational, [.. (i % 2 == 0 ? months : Enumerable.Reverse(months)).Select(month => new MonthToken(month, "v1", Noon.AddMinutes(i)))], CancellationToken.None))));

        foreach (var month in months) AssertHead(1, "v1", Noon, Noon.AddMinutes(40), await Snapshots.FindAsync(Key with { Month = month }, CancellationToken.None));
    }

    [Fact]
    public async Task Commit_VersionNotAboveAllOfItsMonth_IsRefusedAndTellsTheNewest()
    {
        var lease = await LeaseAsync();
        await StoreAsync(lease, Snapshot(5, "v1", Noon, 1));
        var other = Key with { Prefix = "Halal Tea" };
        var otherLease = await LeaseAsync(key: other);

        // By the month, whatever the prefix; of two with one time, the issuer decides.
        Assert.Equal(new Committed(CommitOutcome.Outrun, Version(5)), await CommitAsync(lease, Snapshot(1, "v2", Noon, 2)));
        Assert.Equal(new Committed(CommitOutcome.Outrun, Version(5)), await CommitAsync(otherLease, Snapshot(5, "v1", Noon, 2) with { Key = other }));
        await StoreAsync(otherLease, Snapshot(5, "v1", Noon, 2) with { Key = other, Version = new(5, 8) });
        await StoreAsync(lease, Snapshot(9, "v3", Noon.AddMinutes(2), 3));
        var nextMonth = Key with { Month = new Month(2023, 11) };
        await StoreAsync(await LeaseAsync(key: nextMonth), Snapshot(1, "v1", Noon, 1) with { Key = nextMonth });

        AssertHead(9, "v3", Noon.AddMinutes(2), Noon.AddMinutes(2), await Snapshots.FindAsync(Key, CancellationToken.None));
        Assert.Equal(new(5, 8), (await Snapshots.FindAsync(other, CancellationToken.None))!.Version);
    }

    [Fact]
    public async Task Commit_LeaseTakenByAnother_WritesNothing()
    {
        var dead = await LeaseAsync("dead");
        await StoreAsync(dead, Snapshot(1, "v1", Noon, 1));
        await Store.PassAsync(TimeSpan.FromMinutes(1));
        var alive = await LeaseAsync("alive");

        Assert.Equal(CommitOutcome.LeaseLost, (await CommitAsync(dead, Snapshot(2, "late", Noon.AddMinutes(1), 2))).Outcome);
        Assert.Equal(CommitOutcome.LeaseLost, (await CommitAsync(dead, Snapshot(1, "v1", Noon, 1) with { CheckedAt = Noon.AddHours(1) })).Outcome);

        AssertHead(1, "v1", Noon, Noon, await Snapshots.FindAsync(Key, CancellationToken.None));
        await StoreAsync(alive, Snapshot(2, "v2", Noon.AddMinutes(2), 3));
    }

    [Fact]
    public async Task Remove_Stored_TakesTheRowsAndKeepsTheVersionRising()
    {
        var lease = await LeaseAsync();
        await StoreAsync(lease, Snapshot(4, "v1", Noon, 1));

        Assert.True(await Snapshots.RemoveAsync(Key, CancellationToken.None));
        Assert.False(await Snapshots.RemoveAsync(Key, CancellationToken.None));
        Assert.Null(await Snapshots.FindAsync(Key, CancellationToken.None));
        Assert.Null(await Snapshots.LoadAsync(Key, CancellationToken.None));
        // Not even the same version comes back: it would have another life.
        Assert.Equal(new Committed(CommitOutcome.Outrun, Version(4)), await CommitAsync(lease, Snapshot(4, "v1", Noon, 1)));
        await StoreAsync(lease, Snapshot(5, "v1", Noon, 1));
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
            // A clock that stands still, as far as it is asked.
            var clock = new VersionClock(new SteppedTime(Noon), holder);
            var snapshot = Snapshot(1, $"v{holder}", Noon.AddSeconds(holder), holder) with { Version = clock.Next() };
            while (await snapshots.CommitAsync(lease, snapshot, CancellationToken.None) is { Outcome: CommitOutcome.Outrun, Newest: var newest })
                snapshot = snapshot with { Version = clock.Next(newest) };
            await leases.ReleaseAsync(lease, CancellationToken.None);
            // For all who are refused meanwhile.
            released.Release(8);
            return snapshot.Version;
        })));

        Assert.Equal(8, versions.Distinct().Count());
        Assert.Equal(versions.Max(), (await Snapshots.FindAsync(Key, CancellationToken.None))!.Version);
    }

    [Fact]
    public async Task FindNewestMonth_Stored_IsTheNewestOfThatMartThatHasRows()
    {
        Assert.Null(await Snapshots.FindNewestMonthAsync(Mart.Operational, CancellationToken.None));

        await StoreKeyAsync(Mart.Operational, "Halal", "2023-09", rows: 1);
        await StoreKeyAsync(Mart.Operational, "Halal Tea", "2023-10", rows: 1);
        await StoreKeyAsync(Mart.Operational, "Halal", "2023-10", rows: 0);
        await StoreKeyAsync(Mart.Operational, "Halal", "2030-01", rows: 0);
        await StoreKeyAsync(Mart.Warehouse, "Halal", "2023-11", rows: 1);
        await StoreKeyAsync(Mart.Operational, "Halal", "2023-12", rows: 1);
        await Snapshots.RemoveAsync(new QueryKey(Mart.Operational, "Halal", new Month(2023, 12)), CancellationToken.None);

        Assert.Equal(new Month(2023, 10), await Snapshots.FindNewestMonthAsync(Mart.Operational, CancellationToken.None));
        Assert.Equal(new Month(2023, 11), await Store.NewSnapshots().FindNewestMonthAsync(Mart.Warehouse, CancellationToken.None));

        async Task StoreKeyAsync(Mart mart, string prefix, string month, int rows)
        {
            var key = new QueryKey(mart, prefix, Month.Parse(month));
            var lease = await Store.NewLeases().TryAcquireAsync(key.ToString(), "holder", TimeSpan.FromSeconds(30), CancellationToken.None);
            Assert.Equal(CommitOutcome.Stored, (await CommitAsync(lease!, Snapshot(++_version, "v1", Noon, rows) with { Key = key })).Outcome);
        }
    }

    /// <summary>Times may come back earlier, never later, and by no more than the stores took: by a clock of their own they are not known better.</summary>
    private void AssertHead(long version, string dataVersion, DateTimeOffset dataAsOf, DateTimeOffset checkedAt, SnapshotHead? stored)
    {
        Assert.Equal((Version(version), dataVersion), (stored!.Version, stored.DataVersion));
        var took = Stopwatch.GetElapsedTime(_started);
        Assert.InRange(stored.DataAsOf, dataAsOf - took, dataAsOf);
        Assert.InRange(stored.CheckedAt, checkedAt - took, checkedAt);
    }

    private async Task<Lease> LeaseAsync(string holder = "holder", QueryKey? key = null) => (await Store.NewLeases()
        .TryAcquireAsync((key ?? Key).ToString(), holder, TimeSpan.FromSeconds(30), CancellationToken.None))!;

    private Task NoteAsync(string dataVersion, DateTimeOffset asOf) =>
        Snapshots.NoteAsync(Key.Mart, [new(Key.Month, dataVersion, asOf)], CancellationToken.None);

    private Task<Committed> CommitAsync(Lease lease, Snapshot snapshot) => Snapshots.CommitAsync(lease, snapshot, CancellationToken.None);

    private async Task StoreAsync(Lease lease, Snapshot snapshot) =>
        Assert.Equal(new Committed(CommitOutcome.Stored), await CommitAsync(lease, snapshot));

    private static SnapshotVersion Version(long time) => new(time, 7);

    private static Snapshot Snapshot(long version, string dataVersion, DateTimeOffset asOf, int rows)
    {
        var builder = new MartRowsBuilder();
        for (var i = 0; i < rows; i++) builder.Add(new MartRow($"{i:x64}", "Halal Tea", new DateOnly(2023, 10, 1), 1.5m * i, 1.5m, 1, i));
        return new Snapshot(Key, Version(version), dataVersion, asOf, asOf, builder.Build());
    }
}
