using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>The shared store in a file of its own.</summary>
internal sealed class SqliteStoreHarness : StoreHarness, IDisposable
{
    private readonly StoreFile _file = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    public override ILeaseTable NewLeases() => new SqliteLeaseStore(_file.Open(), _time);

    public override ISnapshotStore NewSnapshots() => new SqliteSnapshotStore(_file.Open(), _time);

    public override IDailyCounts NewCounts() => new SqliteDailyCounts(_file.Open());

    public override IStoreSweeper NewSweeper() => new SqliteStoreSweeper(_file.Open());

    public override IUserStore NewUsers() => new SqliteUserStore(_file.Open(), _time);

    public override IBatchStore NewBatches() => new SqliteBatchStore(_file.Open(), _time);

    public override IRunStore NewRuns() => new SqliteRunStore(_file.Open(), _time);

    public override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    public void Dispose() => _file.Dispose();

    public override ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
