using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>A shared store of one test. Whatever is asked for is as another process would have it.</summary>
public abstract class StoreHarness : IAsyncDisposable
{
    public abstract ILeaseTable NewLeases();

    public abstract ISnapshotStore NewSnapshots();

    public abstract IDailyCounts NewCounts();

    public abstract IStoreSweeper NewSweeper();

    public abstract IUserStore NewUsers();

    public abstract IBatchStore NewBatches();

    public abstract IRunStore NewRuns();

    /// <summary>Lets time pass for the leases.</summary>
    public abstract Task PassAsync(TimeSpan time);

    public abstract ValueTask DisposeAsync();
}
