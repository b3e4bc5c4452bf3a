using TransactionPipeline.Core.Tests.Store;
using TransactionPipeline.Core.Tests.Users;

namespace TransactionPipeline.Core.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresLeaseStoreTests(PostgresFixture server) : LeaseStoreContract, IAsyncLifetime
{
    private PostgresStoreHarness _store = null!;

    protected override StoreHarness Store => _store;

    public async Task InitializeAsync() => _store = new(server, await server.CreateDatabaseAsync());

    public async Task DisposeAsync() => await _store.DisposeAsync();
}

[Collection(PostgresCollection.Name)]
public sealed class PostgresDailyCountsTests(PostgresFixture server) : DailyCountsContract, IAsyncLifetime
{
    private PostgresStoreHarness _store = null!;

    protected override StoreHarness Store => _store;

    public async Task InitializeAsync() => _store = new(server, await server.CreateDatabaseAsync());

    public async Task DisposeAsync() => await _store.DisposeAsync();
}

[Collection(PostgresCollection.Name)]
public sealed class PostgresUserStoreTests(PostgresFixture server) : UserStoreContract, IAsyncLifetime
{
    private PostgresStoreHarness _store = null!;

    protected override StoreHarness Store => _store;

    public async Task InitializeAsync() => _store = new(server, await server.CreateDatabaseAsync());

    public async Task DisposeAsync() => await _store.DisposeAsync();
}

[Collection(PostgresCollection.Name)]
public sealed class PostgresSnapshotStoreTests(PostgresFixture server) : SnapshotStoreContract, IAsyncLifetime
{
    private PostgresStoreHarness _store = null!;

    protected override StoreHarness Store => _store;

    public async Task InitializeAsync() => _store = new(server, await server.CreateDatabaseAsync());

    public async Task DisposeAsync() => await _store.DisposeAsync();
}

[Collection(PostgresCollection.Name)]
public sealed class PostgresHistoryStoreTests(PostgresFixture server) : HistoryStoreContract, IAsyncLifetime
{
    private PostgresStoreHarness _store = null!;

    protected override StoreHarness Store => _store;

    public async Task InitializeAsync() => _store = new(server, await server.CreateDatabaseAsync());

    public async Task DisposeAsync() => await _store.DisposeAsync();
}

[Collection(PostgresCollection.Name)]
public sealed class PostgresStoreSweeperTests(PostgresFixture server) : StoreSweeperContract, IAsyncLifetime
{
    private PostgresStoreHarness _store = null!;

    protected override StoreHarness Store => _store;

    public async Task InitializeAsync() => _store = new(server, await server.CreateDatabaseAsync());

    public async Task DisposeAsync() => await _store.DisposeAsync();
}
