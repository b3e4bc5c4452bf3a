namespace TransactionPipeline.Core.Tests.Store;

public sealed class SqliteLeaseStoreTests : LeaseStoreContract, IDisposable
{
    private readonly SqliteStoreHarness _store = new();

    protected override StoreHarness Store => _store;

    public void Dispose() => _store.Dispose();
}
