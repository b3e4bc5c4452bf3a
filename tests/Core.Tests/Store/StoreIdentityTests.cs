using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Core.Tests.Store;

[Collection(PostgresCollection.Name)]
public sealed class StoreIdentityTests(PostgresFixture server) : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Sqlite_OpenedAgain_IsTheSame()
    {
        var first = await IdentifyAsync(_directory.PathOf("a/store.db"));

        Assert.True(first.IsSameAs(await IdentifyAsync(_directory.PathOf("a/store.db"))));
        Assert.Equal($"sqlite in {_directory.PathOf("a/store.db")}", first.ToString());
    }

    [Fact]
    public async Task Sqlite_ByWayOfALink_IsTheSame()
    {
        var first = await IdentifyAsync(_directory.PathOf("a/store.db"));
        Directory.CreateSymbolicLink(_directory.PathOf("b"), _directory.PathOf("a"));
        File.CreateSymbolicLink(_directory.PathOf("c.db"), "b/store.db");

        Assert.True(first.IsSameAs(await IdentifyAsync(_directory.PathOf("b/store.db"))));
        Assert.True(first.IsSameAs(await IdentifyAsync(_directory.PathOf("c.db"))));
    }

    [Fact]
    public async Task Sqlite_Copied_IsAnother()
    {
        var first = await IdentifyAsync(_directory.PathOf("store.db"));
        File.Copy(_directory.PathOf("store.db"), _directory.PathOf("copy.db"));

        Assert.False(first.IsSameAs(await IdentifyAsync(_directory.PathOf("copy.db"))));
    }

    [Fact]
    public async Task Sqlite_MadeAnewAtTheSamePath_IsAnother()
    {
        var first = await IdentifyAsync(_directory.PathOf("store.db"));
        foreach (var file in Directory.GetFiles(_directory.Path)) File.Delete(file);

        Assert.False(first.IsSameAs(await IdentifyAsync(_directory.PathOf("store.db"))));
    }

    [Fact]
    public async Task Postgres_ByTwoNamesOfOneServer_IsTheSame()
    {
        var options = await server.CreateDatabaseAsync();
        var first = await IdentifyAsync(options);
        Assert.NotNull(first.Id);

        Assert.Equal("127.0.0.1", options.Host);
        options.Host = "localhost";

        Assert.True(first.IsSameAs(await IdentifyAsync(options)));
    }

    [Fact]
    public async Task Postgres_TwoDatabasesOfOneServer_AreTwo() =>
        Assert.False((await IdentifyAsync(await server.CreateDatabaseAsync())).IsSameAs(await IdentifyAsync(await server.CreateDatabaseAsync())));

    [Fact]
    public async Task Postgres_UserWhoMayOnlyRead_IsToldToo()
    {
        var options = await server.CreateDatabaseAsync();
        var first = await IdentifyAsync(options);
        await server.ExecuteAsync(options.Database, "CREATE ROLE identity_reader LOGIN PASSWORD 'also-not-a-secret'");
        (options.User, options.Password) = ("identity_reader", "also-not-a-secret");

        Assert.Equal(first.Id, (await IdentifyAsync(options)).Id);
    }

    [Fact]
    public async Task Postgres_Away_IsItsPlace()
    {
        var options = await server.CreateDatabaseAsync();
        options.Port = 9;

        var away = await IdentifyAsync(options);

        Assert.Equal((null, $"postgres in 127.0.0.1:9/{options.Database}"), (away.Id, away.ToString()));
    }

    [Fact]
    public async Task Postgres_LineThatSaysNothing_IsItsPlaceBeforeAConnectionWouldBeGivenUp()
    {
        var options = await server.CreateDatabaseAsync();
        await using var proxy = new TcpProxy(server.Port) { Fault = TcpFault.Blackhole };
        // Nobody waits for that long.
        (options.Port, options.ConnectTimeoutSeconds) = (proxy.Port, 300);

        var away = await Phase.InTimeAsync(IdentifyAsync(options), "the end of the question");

        Assert.Equal((null, $"127.0.0.1:{proxy.Port}/{options.Database}"), (away.Id, away.Place));
    }

    private static async Task<StoreIdentity> IdentifyAsync(string path)
    {
        using var file = new SqliteDatabase(path, []);
        return await file.IdentifyAsync(CancellationToken.None);
    }

    private static async Task<StoreIdentity> IdentifyAsync(PostgresOptions options)
    {
        await using var database = new PostgresDatabase(options, TimeProvider.System);
        return await database.IdentifyAsync(CancellationToken.None);
    }
}
