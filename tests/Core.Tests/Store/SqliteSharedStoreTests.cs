namespace TransactionPipeline.Core.Tests.Store;

public sealed class SqliteSnapshotStoreTests : SnapshotStoreContract, IDisposable
{
    private readonly SqliteStoreHarness _store = new();

    protected override StoreHarness Store => _store;

    public void Dispose() => _store.Dispose();
}

public sealed class SqliteDailyCountsTests : DailyCountsContract, IDisposable
{
    private readonly SqliteStoreHarness _store = new();

    protected override StoreHarness Store => _store;

    public void Dispose() => _store.Dispose();
}

public sealed class SqliteHistoryStoreTests : HistoryStoreContract, IDisposable
{
    private readonly SqliteStoreHarness _store = new();

    protected override StoreHarness Store => _store;

    public void Dispose() => _store.Dispose();
}

public sealed class SqliteStoreSweeperTests : StoreSweeperContract, IDisposable
{
    private readonly SqliteStoreHarness _store = new();

    protected override StoreHarness Store => _store;

    public void Dispose() => _store.Dispose();
}
