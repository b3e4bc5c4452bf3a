using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>What sweeping every kind of store removes and leaves; each kind of store derives its tests from this.</summary>
public abstract class StoreSweeperContract
{
    protected abstract StoreHarness Store { get; }

    [Fact]
    public async Task Sweep_OldSnapshot_GoesWithItsLeaseAndANewOneStays()
    {
        var now = TimeProvider.System.GetUtcNow();
        var (old, used) = (Key("old"), Key("used"));
        await CommitAsync(old, 1, now.AddDays(-8));
        await CommitAsync(used, 2, now.AddDays(-6));
        var running = await Store.NewLeases().TryAcquireAsync("running", "me", TimeSpan.FromMinutes(1), CancellationToken.None);

        Assert.Equal(2, await SweepAsync(now));

        Assert.Null(await Store.NewSnapshots().FindAsync(old, CancellationToken.None));
        Assert.NotNull(await Store.NewSnapshots().LoadAsync(used, CancellationToken.None));
        Assert.True(await Store.NewLeases().RenewAsync(running!, TimeSpan.FromMinutes(1), CancellationToken.None));
        Assert.Equal(2, (await Store.NewLeases().TryAcquireAsync($"{used}", "me", TimeSpan.FromMinutes(1), CancellationToken.None))!.Fence);
        Assert.Equal(0, await SweepAsync(now));
        // The key can be used again as if it were new, but for its versions, which go on rising.
        Assert.Equal(CommitOutcome.Outrun, (await CommitAsync(old, 1, now)).Outcome);
        Assert.Equal(CommitOutcome.Stored, (await CommitAsync(old, 3, now)).Outcome);
    }

    [Fact]
    public async Task Sweep_OldSnapshotThatIsInUse_Stays()
    {
        var now = TimeProvider.System.GetUtcNow();
        var (unused, used) = (Key("unused"), Key("used"));
        await CommitAsync(unused, 1, now.AddDays(-30));
        await CommitAsync(used, 2, now.AddDays(-30));

        await Store.NewSnapshots().UseAsync(used, CancellationToken.None);
        await Store.NewSnapshots().UseAsync(Key("not stored"), CancellationToken.None);
        await SweepAsync(now);

        Assert.Null(await Store.NewSnapshots().FindAsync(unused, CancellationToken.None));
        Assert.NotNull(await Store.NewSnapshots().LoadAsync(used, CancellationToken.None));
        await SweepAsync(now.AddDays(7.9));
        Assert.NotNull(await Store.NewSnapshots().LoadAsync(used, CancellationToken.None));
        await SweepAsync(now.AddDays(8.1));
        Assert.Null(await Store.NewSnapshots().FindAsync(used, CancellationToken.None));
    }

    [Fact]
    public async Task Sweep_OldCheckOfAMonth_GoesAndANewOneStays()
    {
        var now = TimeProvider.System.GetUtcNow();
        var month = Key("any").Month;
        var snapshots = Store.NewSnapshots();
        await snapshots.NoteAsync(Mart.Operational, [new(month, "old", now.AddDays(-8)), new(new Month(2023, 1), "used", now.AddDays(-6))], CancellationToken.None);
        await snapshots.NoteAsync(Mart.Operational, [new(month, "used", now.AddDays(-6))], CancellationToken.None);

        Assert.Equal(1, await SweepAsync(now));
        Assert.Equal(2, await SweepAsync(now.AddDays(2)));
    }

    [Fact]
    public async Task Sweep_OldHistory_GoesAndWhatIsUnderWayStays()
    {
        var batches = Store.NewBatches();
        await batches.BeginAsync("done", "a.csv", CancellationToken.None);
        await batches.AddRejectsAsync("done", [new RejectedLine(2, "price", "missing")], CancellationToken.None);
        await batches.CompleteAsync("done", 0, 1, CancellationToken.None);
        await batches.BeginAsync("coming in", "b.csv", CancellationToken.None);
        var later = TimeProvider.System.GetUtcNow().AddDays(91);
        var runs = Store.NewRuns();
        foreach (var (id, finished) in new[] { ("old", (DateTimeOffset?)later.AddDays(-91)), ("new", later.AddDays(-89)), ("running", null) })
        {
            await runs.TryAddAsync(
                new PipelineRun { Id = id, Dag = "d", Trigger = "api", Owner = "me", StartedAt = later.AddDays(-92), FinishedAt = finished }, CancellationToken.None);
        }
        await Store.NewCounts().TryAddAsync("bytes", DateOnly.FromDateTime(later.UtcDateTime).AddDays(-8), 5, 5, CancellationToken.None);

        Assert.InRange(await SweepAsync(later), 3, 4);

        Assert.Null(await batches.FindAsync("done", CancellationToken.None));
        Assert.NotNull(await batches.FindAsync("coming in", CancellationToken.None));
        Assert.Equal(["running", "new"], (await runs.ListAsync(null, 10, CancellationToken.None)).Select(run => run.Id));
        Assert.True(await Store.NewCounts().TryAddAsync("bytes", DateOnly.FromDateTime(later.UtcDateTime).AddDays(-8), 5, 5, CancellationToken.None));
    }

    [Fact]
    public async Task Sweep_ByTwoProcessesOnOneDay_IsDoneOnce()
    {
        var (one, other) = (new CountingSweeper(), new CountingSweeper());
        using var first = Sweeping(one);
        using var second = Sweeping(other);

        await first.SweepAsync(CancellationToken.None);
        await second.SweepAsync(CancellationToken.None);
        Assert.Equal((1, 0), (one.Sweeps, other.Sweeps));

        await Store.PassAsync(TimeSpan.FromDays(1));
        await second.SweepAsync(CancellationToken.None);
        Assert.Equal((1, 1), (one.Sweeps, other.Sweeps));
    }

    private StoreSweeping Sweeping(IStoreSweeper sweeper) => new(
        sweeper, Store.NewLeases(), Options.Create(new RetentionOptions()), new FakeTimeProvider(), NullLogger<StoreSweeping>.Instance);

    private Task<int> SweepAsync(DateTimeOffset now) => Store.NewSweeper().SweepAsync(now.AddDays(-7), now.AddDays(-90), CancellationToken.None);

    private static QueryKey Key(string prefix) => new(Mart.Operational, prefix, new Month(2023, 10));

    private async Task<Committed> CommitAsync(QueryKey key, long version, DateTimeOffset checkedAt)
    {
        var leases = Store.NewLeases();
        var lease = await leases.TryAcquireAsync($"{key}", "holder", TimeSpan.FromMinutes(1), CancellationToken.None);
        var committed = await Store.NewSnapshots().CommitAsync(
            lease!, new Snapshot(key, new(version, 1), "v1", checkedAt, checkedAt, MartRows.Empty), CancellationToken.None);
        await leases.ReleaseAsync(lease!, CancellationToken.None);
        return committed;
    }

    private sealed class CountingSweeper : IStoreSweeper
    {
        public int Sweeps { get; private set; }

        public Task<int> SweepAsync(DateTimeOffset snapshotsBefore, DateTimeOffset historyBefore, CancellationToken cancellationToken) =>
            Task.FromResult(++Sweeps);
    }
}
