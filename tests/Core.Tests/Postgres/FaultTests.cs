using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Tests.Faults;

namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>What a bad line between here and PostgreSQL does to a reader: the stated failure or the last good answer, never a part of one.</summary>
[Collection(PostgresCollection.Name)]
public sealed class FaultTests(PostgresFixture server) : IAsyncLifetime
{
    // As they are by default, only shorter: an attempt has less time than Npgsql gives a server that is silent.
    private const int CommandTimeoutSeconds = 3;
    private static readonly MartGuardOptions Guard = new() { AttemptTimeoutSeconds = 1.2, Retries = 0, BreakerMinAttempts = 1000 };

    private FaultyLine _line = null!;
    private GuardedMartSource _guarded = null!;

    public async Task InitializeAsync()
    {
        _line = await FaultyLine.OpenAsync(server, CommandTimeoutSeconds);
        _guarded = new GuardedMartSource(_line.Mart.Operational, Guard, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        _guarded.Dispose();
        await _line.DisposeAsync();
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
    [InlineData(TcpFault.OneByteASecondToServer, false)]
    [InlineData(TcpFault.OneByteASecondToServer, true)]
    public async Task Read_BadLine_FailsInWordsAndRecoversWithoutARestart(TcpFault fault, bool connected)
    {
        if (connected) await ReadAsync();
        _line.Proxy.Fault = fault;

        var failed = await Assert.ThrowsAsync<MartException>(() => Phase.InTimeAsync(ReadAsync(), "the end of the attempt"));

        // On a line that is open it is ended by the attempt's own time-out, not by the command's, which is later.
        if (connected && fault is not (TcpFault.Refuse or TcpFault.Reset)) Assert.Equal("The mart did not answer in time.", failed.Message);
        Assert.Equal(MartFailure.Transient, failed.Failure);
        FaultyLine.AssertTellsNothing(failed);
        _line.Proxy.Fault = TcpFault.None;
        Assert.Equal(FaultyLine.Rows, await FaultyLine.RecoverAsync(ReadAsync));
        await _line.AssertNoConnectionIsLeakedAsync();
    }

    [Fact]
    public async Task Read_BlackholeAndNoGuard_FailsByTheCommandsTimeout()
    {
        await using var line = await FaultyLine.OpenAsync(server, commandTimeoutSeconds: 1);
        await FaultyLine.ReadAsync(line.Mart.Operational);
        line.Proxy.Fault = TcpFault.Blackhole;

        var failed = await Assert.ThrowsAsync<MartException>(() => FaultyLine.ReadAsync(line.Mart.Operational));

        Assert.Equal(MartFailure.Transient, failed.Failure);
        FaultyLine.AssertTellsNothing(failed);
        line.Proxy.Fault = TcpFault.None;
        Assert.Equal(FaultyLine.Rows, await FaultyLine.RecoverAsync(() => FaultyLine.ReadAsync(line.Mart.Operational)));
        await line.AssertNoConnectionIsLeakedAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_000)]
    [InlineData(300_000)]
    public async Task Read_CutInTheMiddleOfAResult_IsNeverAPartOfTheRows(long bytes)
    {
        await ReadAsync();
        _line.Proxy.CutServerAfter(bytes);

        var failed = await Assert.ThrowsAsync<MartException>(ReadAsync);

        Assert.Equal(MartFailure.Transient, failed.Failure);
        Assert.Equal(FaultyLine.Rows, await FaultyLine.RecoverAsync(ReadAsync));
        await _line.AssertNoConnectionIsLeakedAsync();
    }

    [Theory]
    [InlineData(TcpFault.Refuse)]
    [InlineData(TcpFault.Reset)]
    [InlineData(TcpFault.Blackhole)]
    [InlineData(TcpFault.OneByteASecond)]
    [InlineData(TcpFault.OneByteASecondToServer)]
    [InlineData(TcpFault.CutServer)]
    [InlineData(TcpFault.CutClient)]
    public async Task Get_BadLineBehindTheCache_ServesTheLastGoodAnswerThenTheNewOne(TcpFault fault)
    {
        // The store is reached directly: over the same line it would only be found away first.
        await using var store = new PostgresStoreHarness(server, _line.Direct.Options);
        var shared = new FallbackStore(store.NewSnapshots(), store.NewLeases(), store.NewCounts(), TimeProvider.System, NullLogger<FallbackStore>.Instance);
        var key = new QueryKey(Mart.Operational, "Halal", Month.Parse("2023-10"));
        await using var owner = new KeyTable(new CachedQueryContext(
            new Dictionary<Mart, IMartSource> { [Mart.Operational] = _guarded, [Mart.Warehouse] = _guarded },
            shared, shared, new CacheOptions(), TimeProvider.System, new VersionClock(TimeProvider.System, 1), NullLogger<KeyTable>.Instance, "test"));
        Task<CachedAnswer> CheckAsync() => owner.GetAsync(key, CacheDemand.Check, CancellationToken.None).AsTask();
        var good = await CheckAsync();

        if (fault == TcpFault.CutServer) _line.Proxy.CutServerAfter(1);
        else if (fault == TcpFault.CutClient) _line.Proxy.CutClientAfter(1);
        else _line.Proxy.Fault = fault;
        var marked = await CheckAsync();

        Assert.Equal(CacheResult.StaleOnError, marked.Result);
        Assert.Same(good.Snapshot.Rows, marked.Snapshot.Rows);
        _line.Proxy.Fault = TcpFault.None;
        Assert.Equal(CacheResult.Revalidated, await FaultyLine.RecoverAsync(async () =>
            (await CheckAsync()) is { Result: not CacheResult.StaleOnError } answer ? answer.Result : throw new MartException("stale", MartFailure.Transient)));
        await _line.AssertNoConnectionIsLeakedAsync();
    }

    [Fact]
    public async Task Get_StoreAndMartReset_SaysSoAndGoesOnWithBothOnceTheyAreBack()
    {
        await using var store = new PostgresStoreHarness(server, _line.Mart.Options);
        var shared = new FallbackStore(store.NewSnapshots(), store.NewLeases(), store.NewCounts(), TimeProvider.System, NullLogger<FallbackStore>.Instance);
        var key = new QueryKey(Mart.Operational, "Halal", Month.Parse("2023-10"));
        await using var owner = new KeyTable(new CachedQueryContext(
            new Dictionary<Mart, IMartSource> { [Mart.Operational] = _guarded, [Mart.Warehouse] = _guarded },
            shared, shared, new CacheOptions(), TimeProvider.System, new VersionClock(TimeProvider.System, 1), NullLogger<KeyTable>.Instance, "test"));
        Task<CachedAnswer> CheckAsync() => owner.GetAsync(key, CacheDemand.Check, CancellationToken.None).AsTask();
        var good = await CheckAsync();

        _line.Proxy.Fault = TcpFault.Reset;
        var marked = await CheckAsync();

        Assert.Equal(CacheResult.StaleOnError, marked.Result);
        Assert.Same(good.Snapshot.Rows, marked.Snapshot.Rows);
        Assert.NotNull(shared.Problem);
        _line.Proxy.Fault = TcpFault.None;
        await FaultyLine.RecoverAsync(async () =>
            (await CheckAsync()).Result == CacheResult.Revalidated && shared.Problem is null ? true : throw new MartException("not yet", MartFailure.Transient));
    }

    private Task<int> ReadAsync() => FaultyLine.ReadAsync(_guarded);
}
