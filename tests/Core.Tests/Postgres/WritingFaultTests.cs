using Npgsql;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Tests.Faults;
using static TransactionPipeline.Testing.MartHarness;

namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>What a bad line does to staging, loading and transforming: each is done whole or not at all, and done when it is asked for again.</summary>
[Collection(PostgresCollection.Name)]
public sealed class WritingFaultTests(PostgresFixture server) : IAsyncLifetime
{
    private const string Upsert = "INSERT INTO transactions";
    private const string Rebuild = "DELETE FROM pg_sales";

    private static readonly Transaction[] More =
        [.. Enumerable.Range(0, 20_000).Select(i => Sale($"x{i}", "Halal Tea", 1m, 1, "2023-11-01"))];

    private FaultyLine _line = null!;

    public async Task InitializeAsync() => _line = await FaultyLine.OpenAsync(server, commandTimeoutSeconds: 1);

    public async Task DisposeAsync() => await _line.DisposeAsync();

    [Theory]
    [InlineData(TcpFault.Refuse)]
    [InlineData(TcpFault.Reset)]
    [InlineData(TcpFault.Blackhole)]
    [InlineData(TcpFault.OneByteASecondToServer)]
    [InlineData(TcpFault.CutClient)]
    [InlineData(TcpFault.CutServer)]
    public async Task Stage_BadLineInTheMiddleOfTheCopy_LeavesNothingAndTheNextOneWorks(TcpFault fault)
    {
        var failed = await Assert.ThrowsAsync<MartException>(() => StageAsync("cut", fault, CancellationToken.None));

        Assert.Equal(MartFailure.Transient, failed.Failure);
        FaultyLine.AssertTellsNothing(failed);
        await AssertStagedAnewAsync();
    }

    [Fact]
    public async Task Stage_TrickleFromTheServer_IsGivenUpWithItsCaller()
    {
        // A byte each second is an answer that goes on: nobody but the caller, an upload that goes away say, ends it.
        using var caller = new CancellationTokenSource();
        var written = new TaskCompletionSource();
        var staging = StageAsync("cut", TcpFault.OneByteASecond, caller.Token, written);
        await written.Task;
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => staging);
        await AssertStagedAnewAsync();
    }

    [Theory]
    [InlineData(TcpFault.Refuse, Upsert)]
    [InlineData(TcpFault.Reset, Upsert)]
    [InlineData(TcpFault.Refuse, Rebuild)]
    [InlineData(TcpFault.Reset, Rebuild)]
    public async Task LoadOrTransform_LineBreaksInMidStatement_ChangesNothingAndIsDoneWhenRepeated(TcpFault fault, string statement)
    {
        var (batch, work) = await BeginAsync(statement, fault, CancellationToken.None);

        var failed = await Assert.ThrowsAsync<MartException>(() => work);

        Assert.Equal(MartFailure.Transient, failed.Failure);
        FaultyLine.AssertTellsNothing(failed);
        await AssertNothingChangedThenRepeatAsync(batch, statement);
    }

    [Theory]
    [InlineData(TcpFault.Blackhole, Upsert)]
    [InlineData(TcpFault.OneByteASecond, Upsert)]
    [InlineData(TcpFault.OneByteASecondToServer, Upsert)]
    [InlineData(TcpFault.Blackhole, Rebuild)]
    [InlineData(TcpFault.OneByteASecond, Rebuild)]
    [InlineData(TcpFault.OneByteASecondToServer, Rebuild)]
    public async Task LoadOrTransform_LineGoesQuietInMidStatement_EndsWithTheRunsLease(TcpFault fault, string statement)
    {
        // As a run that cannot renew its lease over such a line is stopped.
        using var lease = new CancellationTokenSource();
        var (batch, work) = await BeginAsync(statement, fault, lease.Token);
        await lease.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
        _line.Proxy.Fault = TcpFault.Reset;
        await AssertNothingChangedThenRepeatAsync(batch, statement);
    }

    [Theory]
    [InlineData(TcpFault.CutServer)]
    [InlineData(TcpFault.CutClient)]
    public async Task LoadAndTransform_CutAtPlacesFromTheFirstByteToTheLast_AreWholeOrNotThere(TcpFault fault)
    {
        // A cut shows at once; nothing here is to end by a time-out, however slow the machine is.
        (_line.Mart.Options.ConnectTimeoutSeconds, _line.Mart.Options.CommandTimeoutSeconds) = (60, 60);
        var cuts = 0;
        for (var place = 1; ; place += fault == TcpFault.CutServer ? 50 : 200)
        {
            var batch = await _line.Direct.StageAsync(Sale($"cut {place}", "Halal Tea", 1m, 1, "2023-11-01"));
            await using var mart = new PostgresMartHarness(_line.Mart.Options);
            await mart.TokenAsync(Mart.Operational, "2023-11");
            if (fault == TcpFault.CutServer) _line.Proxy.CutServerAfter(place);
            else _line.Proxy.CutClientAfter(place);
            try
            {
                await mart.Writer.LoadAsync(batch, CancellationToken.None);
                await mart.TransformAsync();
                // Nothing was cut: all of it went by before that place.
                if (_line.Proxy.Fault == fault) break;
            }
            catch (MartException cut)
            {
                Assert.Equal(MartFailure.Transient, cut.Failure);
                FaultyLine.AssertTellsNothing(cut);
            }
            Assert.InRange(await CountAsync("transactions"), FaultyLine.Rows + cuts, FaultyLine.Rows + cuts + 1);
            Assert.InRange(await CountAsync("pg_sales"), FaultyLine.Rows + cuts, FaultyLine.Rows + cuts + 1);
            Assert.Equal(await CountAsync("pg_sales"), await _line.SqlAsync("SELECT sum(transaction_count)::bigint FROM summary_sales"));

            cuts++;
            // A load that was committed, though its answer was lost, tells the same counts again.
            Assert.Equal(new LoadCounts(1, 0, 0, 0), await mart.Writer.LoadAsync(batch, CancellationToken.None));
            await mart.TransformAsync();
            Assert.Equal(FaultyLine.Rows + cuts, await CountAsync("pg_sales"));
        }
        _line.Proxy.Fault = TcpFault.None;
        // Enough places to have been inside each of the statements.
        Assert.InRange(cuts, 20, 200);
        await _line.Proxy.WaitForAtMostAsync(1);
    }

    private async Task StageAsync(string batch, TcpFault fault, CancellationToken cancellationToken, TaskCompletionSource? written = null)
    {
        await using var writer = await _line.Mart.Writer.StageAsync(batch, cancellationToken);
        await writer.WriteAsync(More.AsMemory(0, 1000), cancellationToken);
        if (fault == TcpFault.CutClient) _line.Proxy.CutClientAfter(100_000);
        else if (fault == TcpFault.CutServer) _line.Proxy.CutServerAfter(1);
        else _line.Proxy.Fault = fault;
        await writer.WriteAsync(More.AsMemory(1000), cancellationToken);
        written?.SetResult();
        await writer.CompleteAsync(cancellationToken);
    }

    private async Task AssertStagedAnewAsync()
    {
        _line.Proxy.Fault = TcpFault.None;
        await _line.AssertNoConnectionIsLeakedAsync();
        // Under the same id: had the server not given the cut COPY up, this would wait for it.
        await StageAsync("cut", TcpFault.None, CancellationToken.None);
        Assert.Equal(20_000, (await _line.Mart.Writer.LoadAsync("cut", CancellationToken.None)).Inserted);
        await _line.AssertNoConnectionIsLeakedAsync();
    }

    /// <summary>Spoils the line once the server is at work on the statement, which waits for a lock meanwhile.</summary>
    private async Task<(string Batch, Task Work)> BeginAsync(string statement, TcpFault fault, CancellationToken cancellationToken)
    {
        var batch = await _line.Direct.StageAsync(More);
        if (statement == Rebuild) await _line.Direct.Writer.LoadAsync(batch, CancellationToken.None);
        await using var blocking = new NpgsqlConnection(server.ConnectionStringTo(_line.Database));
        await blocking.OpenAsync(CancellationToken.None);
        await using var locking = new NpgsqlCommand("BEGIN; LOCK TABLE transactions, pg_sales IN SHARE MODE", blocking);
        await locking.ExecuteNonQueryAsync(CancellationToken.None);
        var said = _line.Proxy.WhenClientSaysAsync(statement);
        Task work = statement == Upsert
            ? _line.Mart.Writer.LoadAsync(batch, cancellationToken)
            : _line.Mart.Writer.TransformAsync(Halal, cancellationToken);
        await said;
        _line.Proxy.Fault = fault;
        return (batch, work);
    }

    private async Task AssertNothingChangedThenRepeatAsync(string batch, string statement)
    {
        _line.Proxy.Fault = TcpFault.None;
        await _line.AssertNoConnectionIsLeakedAsync();
        Assert.Equal(FaultyLine.Rows, await CountAsync("pg_sales"));
        Assert.Equal(FaultyLine.Rows + (statement == Rebuild ? More.Length : 0), await CountAsync("transactions"));

        Assert.Equal(
            new LoadCounts(More.Length, 0, 0, 0),
            await FaultyLine.RecoverAsync(() => _line.Mart.Writer.LoadAsync(batch, CancellationToken.None)));
        Assert.Equal([Month.Parse("2023-11")], await _line.Mart.TransformAsync());
        Assert.Equal(FaultyLine.Rows + More.Length, await CountAsync("pg_sales"));
        await _line.AssertNoConnectionIsLeakedAsync();
    }

    private async Task<long> CountAsync(string table) => (long)(await _line.SqlAsync($"SELECT count(*) FROM {table}"))!;
}
