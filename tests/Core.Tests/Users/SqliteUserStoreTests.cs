using TransactionPipeline.Core.Tests.Store;

namespace TransactionPipeline.Core.Tests.Users;

public sealed class SqliteUserStoreTests : UserStoreContract, IDisposable
{
    private readonly SqliteStoreHarness _store = new();

    protected override StoreHarness Store => _store;

    public void Dispose() => _store.Dispose();
}
