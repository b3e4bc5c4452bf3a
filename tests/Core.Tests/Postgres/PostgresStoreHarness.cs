using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Tests.Store;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>The shared store in a database of its own; each process has its own connections.</summary>
internal sealed class PostgresStoreHarness(PostgresServer server, PostgresOptions options) : StoreHarness
{
    private readonly List<PostgresDatabase> _processes = [];

    public PostgresOptions Options => options;

    public override ILeaseTable NewLeases() => new PostgresLeaseStore(NewStore());

    public override ISnapshotStore NewSnapshots() => NewSnapshots(TimeProvider.System);

    public ISnapshotStore NewSnapshots(TimeProvider clock) => new PostgresSnapshotStore(NewStore(clock));

    public override IDailyCounts NewCounts() => new PostgresDailyCounts(NewStore());

    public override IStoreSweeper NewSweeper() => new PostgresStoreSweeper(NewStore());

    public override IUserStore NewUsers() => new PostgresUserStore(NewStore());

    public override IBatchStore NewBatches() => new PostgresBatchStore(NewStore());

    public override IRunStore NewRuns() => new PostgresRunStore(NewStore());

    // The database's clock cannot be moved, but what it is compared with can.
    public override Task PassAsync(TimeSpan time) =>
        server.ExecuteAsync(options.Database, $"UPDATE leases SET expires_at = expires_at - interval '{time.TotalMilliseconds} ms'");

    public PostgresStore NewStore() => NewStore(TimeProvider.System);

    private PostgresStore NewStore(TimeProvider clock)
    {
        var process = new PostgresDatabase(options, clock);
        lock (_processes) _processes.Add(process);
        return new PostgresStore(process);
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var process in _processes) await process.DisposeAsync();
    }
}
