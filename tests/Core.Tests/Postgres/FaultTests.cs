using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Tests.Faults;
using static TransactionPipeline.Core.Tests.Marts.MartHarness;

namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>What a bad line between here and PostgreSQL does: the stated failure or the last good answer, never a part of an answer.</summary>
[Collection(PostgresCollection.Name)]
public sealed class FaultTests(PostgresFixture server) : IAsyncLifetime
{
    private const int Rows = 5_000;

    private PostgresOptions _direct = null!;
    private TcpProxy _proxy = null!;
    private PostgresMartHarness _mart = null!;
    private GuardedMartSource _guarded = null!;

    public async Task InitializeAsync()
    {
        _direct = await server.CreateDatabaseAsync();
        _proxy = new TcpProxy(server.Port);
        var options = server.OptionsFor(_direct.Database);
        options.Port = _proxy.Port;
        options.ConnectTimeoutSeconds = 1;
        options.CommandTimeoutSeconds = 1;
        _mart = new PostgresMartHarness(options);
        // A trickle of bytes never makes Npgsql's own time-out fall due; the guard's does. No retry, so that each failure shows.
        _guarded = new GuardedMartSource(
            _mart.Operational, new() { AttemptTimeoutSeconds = 2, Retries = 0, BreakerMinAttempts = 1000 }, TimeProvider.System);
        await using var direct = new PostgresMartHarness(_direct);
        await direct.LoadAsync([.. Enumerable.Range(0, Rows).Select(i => Sale($"{i}", $"Halal {i % 50}", 1.5m, 2, "2023-10-01"))]);
        await direct.TransformAsync();
    }

    public async Task DisposeAsync()
    {
        _guarded.Dispose();
        await _mart.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    [Theory]
    [InlineData(TcpFault.Refuse, false)]
    [InlineData(TcpFault.Refuse, true)]
    [InlineData(TcpFault.Reset, false)]
    [InlineData(TcpFault.Reset, true)]
    [InlineData(TcpFault.Blackhole, false)]
    [InlineData(TcpFault.Blackhole, true)]
    [InlineData(TcpFault.OneByteASecond, false)]
    [InlineData(TcpFault.OneByteASecond, true)]
    public async Task Read_BadLine_FailsInWordsAndRecoversWithoutARestart(TcpFault fault, bool connected)
    {
        if (connected) await ReadAsync();
        _proxy.Fault = fault;

        var failed = await Assert.ThrowsAsync<MartException>(ReadAsync);

        Assert.Equal(MartFailure.Transient, failed.Failure);
        AssertTellsNothing(failed);
        _proxy.Fault = TcpFault.None;
        Assert.Equal(Rows, await RecoverAsync());
        await AssertNoConnectionIsLeakedAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_000)]
    [InlineData(300_000)]
    public async Task Read_CutInTheMiddleOfAResult_IsNeverAPartOfTheRows(long bytes)
    {
        await ReadAsync();
        _proxy.CutServerAfter(bytes);

        var failed = await Assert.ThrowsAsync<MartException>(ReadAsync);

        Assert.Equal(MartFailure.Transient, failed.Failure);
        Assert.Equal(Rows, await RecoverAsync());
        await AssertNoConnectionIsLeakedAsync();
    }

    [Theory]
    [InlineData(TcpFault.CutClient)]
    [InlineData(TcpFault.Reset)]
    [InlineData(TcpFault.Refuse)]
    [InlineData(TcpFault.Blackhole)]
    public async Task Stage_BadLineInTheMiddleOfTheCopy_LeavesNothingAndTheNextOneWorks(TcpFault fault)
    {
        var rows = Enumerable.Range(0, 20_000).Select(i => Sale($"x{i}", "Halal Tea", 1m, 1, "2023-11-01")).ToArray();
        await Assert.ThrowsAsync<MartException>(async () =>
        {
            await using var writer = await _mart.Writer.StageAsync("cut", CancellationToken.None);
            await writer.WriteAsync(rows.AsMemory(0, 1000), CancellationToken.None);
            if (fault == TcpFault.CutClient) _proxy.CutClientAfter(100_000);
            else _proxy.Fault = fault;
            await writer.WriteAsync(rows.AsMemory(1000), CancellationToken.None);
            await writer.CompleteAsync(CancellationToken.None);
        });
        _proxy.Fault = TcpFault.None;

        Assert.Equal(Rows, await RecoverAsync());
        await EventuallyAsync("the server gives up the cut COPY", async () => await server.ExecuteAsync(
            _direct.Database, "SELECT count(*) FROM pg_class WHERE relname = 'staged_cut'") is 0L);
        Assert.Equal(20_000, (await _mart.LoadAsync(rows)).Inserted);
        await AssertNoConnectionIsLeakedAsync();
    }

    [Fact]
    public async Task Get_BadLineBehindTheCache_ServesTheLastGoodAnswerThenTheNewOne()
    {
        using var guarded = new GuardedMartSource(_mart.Operational, new() { TimeoutSeconds = 3, AttemptTimeoutSeconds = 2 }, TimeProvider.System);
        var key = new QueryKey(Mart.Operational, "Halal", Month.Parse("2023-10"));
        var store = new PostgresStoreHarness(server, _mart.Options);
        await using var disposing = store;
        var shared = new FallbackStore(store.NewSnapshots(), store.NewLeases(), store.NewCounts(), TimeProvider.System, NullLogger<FallbackStore>.Instance);
        await using var owner = new LocalKeyOwner(new CachedQueryContext(
            new Dictionary<Mart, IMartSource> { [Mart.Operational] = guarded, [Mart.Warehouse] = guarded },
            shared, shared, new CacheOptions(), TimeProvider.System, NullLogger<CachedQuery>.Instance, "test"));
        var good = await owner.GetAsync(key, CacheDemand.Default, CancellationToken.None);

        _proxy.Fault = TcpFault.Reset;
        var marked = await owner.GetAsync(key, CacheDemand.Check, CancellationToken.None);

        Assert.Equal(CacheResult.StaleOnError, marked.Result);
        Assert.Same(good.Snapshot.Rows, marked.Snapshot.Rows);
        Assert.NotNull(shared.Problem);
        _proxy.Fault = TcpFault.None;
        await EventuallyAsync("the mart and the store are asked again", async () =>
            (await owner.GetAsync(key, CacheDemand.Check, CancellationToken.None)).Result == CacheResult.Revalidated && shared.Problem is null);
    }

    [Fact]
    public async Task Credentials_RotatedInTheirDirectory_AreTakenUp()
    {
        using var secret = new TempDirectory();
        await server.ExecuteAsync(_direct.Database, "CREATE ROLE first LOGIN SUPERUSER PASSWORD 'one'; CREATE ROLE second LOGIN SUPERUSER PASSWORD 'two'");
        secret.Write("user", "first\n");
        secret.Write("password", "one\n");
        var options = server.OptionsFor(_direct.Database);
        (options.User, options.Password, options.CredentialsDirectory) = (null, null, secret.Path);
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var database = new PostgresDatabase(options, time);
        Assert.True(options.IsConfigured);
        Assert.Equal("first", await UserAsync(database));

        secret.Write("user", "second\n");
        secret.Write("password", "two\n");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("second", await UserAsync(database));

        secret.Write("password", "wrong\n");
        secret.Write("user", "first\n");
        time.Advance(TimeSpan.FromSeconds(2));
        var refused = await Assert.ThrowsAsync<PostgresFailure>(() => UserAsync(database));
        Assert.Equal(MartFailure.Failed, refused.Kind);
        Assert.DoesNotContain("first", refused.ToString(), StringComparison.Ordinal);
    }

    private static Task<object?> UserAsync(PostgresDatabase database) => database.RunAsync(
        async connection =>
        {
            await using var command = new Npgsql.NpgsqlCommand("SELECT current_user::text", connection);
            return await command.ExecuteScalarAsync();
        },
        CancellationToken.None);

    private async Task<int> ReadAsync() => (await _guarded.ReadAsync(
        new QueryKey(Mart.Operational, "Halal", Month.Parse("2023-10")), CancellationToken.None)).Count;

    /// <summary>Reads until it works: connections of the pool that died are found out one by one.</summary>
    private async Task<int> RecoverAsync()
    {
        var rows = 0;
        await EventuallyAsync("the mart answers again", async () =>
        {
            try
            {
                rows = await ReadAsync();
                return true;
            }
            catch (MartException lost) when (lost.Failure == MartFailure.Transient)
            {
                return false;
            }
        });
        return rows;
    }

    private Task AssertNoConnectionIsLeakedAsync() => EventuallyAsync("one connection at most is left", async () => await server.ExecuteAsync(
        "postgres", $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{_direct.Database}'") is long and <= 1);

    private static void AssertTellsNothing(MartException failed)
    {
        foreach (var secret in new[] { "127.0.0.1", "localhost", PostgresServer.User, PostgresServer.Password, "SELECT", "FROM pg_sales" })
            Assert.DoesNotContain(secret, failed.ToString(), StringComparison.Ordinal);
    }

    private static async Task EventuallyAsync(string phase, Func<Task<bool>> isSo)
    {
        var clock = Stopwatch.StartNew();
        while (!await isSo())
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(30)) throw new TimeoutException($"Not within 30 s: {phase}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }
}
