using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;
using static TransactionPipeline.Testing.MartHarness;
using static TransactionPipeline.Testing.ReceiverFixture;

namespace TransactionPipeline.Core.Tests.Ingestion;

public sealed class StoreFailureTests : IDisposable
{
    private readonly ReceiverFixture _fixture = new();
    private SqliteStore? _impatient;

    public void Dispose()
    {
        _impatient?.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task Load_MartLockedByAnother_FailsInWordsAndWorksOnceItIsFree()
    {
        var batch = await _fixture.Mart.StageAsync(Sale("T001", "Halal Tea", 1m, 1, "2023-10-01"));
        using var impatient = new SqliteDatabase(_fixture.Mart.Database.Path, MartSchema.Migrations, busySeconds: 1);
        var store = SqliteMart.StoreIn(impatient, _fixture.Mart.State, _fixture.Mart.Time);
        await store.PrepareAsync(CancellationToken.None);
        await using (var other = await _fixture.Mart.Database.OpenUnpooledAsync(CancellationToken.None))
        {
            await using var locking = other.BeginTransaction(deferred: false);
            var failed = await Assert.ThrowsAsync<MartException>(() => store.LoadAsync(batch, CancellationToken.None));
            Assert.Equal(MartFailure.Transient, failed.Failure);
            Assert.Contains("locked by another process", failed.Message, StringComparison.Ordinal);
        }
        Assert.Equal(1, (await store.LoadAsync(batch, CancellationToken.None)).Inserted);
    }

    [Fact]
    public async Task Receive_StoreLockedByAnotherAtTheBeginning_FailsInWordsAndLeavesNothing()
    {
        var receiver = CreateImpatientReceiver();
        await using (await _fixture.LockStoreAsync())
        {
            var failed = await Assert.ThrowsAsync<StoreException>(() => receiver.ReceiveAsync(Content(), "test.csv", null, CancellationToken.None));
            Assert.Equal(MartFailure.Transient, failed.Kind);
            Assert.Contains("locked by another process", failed.Message, StringComparison.Ordinal);
        }
        Assert.Empty(await _fixture.StatusesAsync());
        Assert.Equal(100, (await receiver.ReceiveAsync(Content(), "test.csv", null, CancellationToken.None)).RejectedCount);
    }

    [Fact]
    public async Task Receive_StoreLockedByAnotherInTheMiddle_FailsInWordsAndLeavesNothing()
    {
        var receiver = CreateImpatientReceiver();
        IAsyncDisposable? locking = null;
        await using var content = new OnSecondRead(Content().ToArray(), async () => locking = await _fixture.LockStoreAsync());

        var failed = await Assert.ThrowsAsync<StoreException>(() => receiver.ReceiveAsync(content, "test.csv", null, CancellationToken.None));

        Assert.Contains("locked by another process", failed.Message, StringComparison.Ordinal);
        await locking!.DisposeAsync();
        Assert.Empty(Directory.GetFiles(_fixture.Mart.State.PathOf("staging")));
        // While the store was locked the batch could not be marked; once its lease is over the next run does it.
        _fixture.Mart.Time.Advance(TimeSpan.FromSeconds(16));
        await receiver.DiscardDeadBatchesAsync(CancellationToken.None);
        await _fixture.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Load_StagedFileDamaged_FailsInWords()
    {
        var batch = await _fixture.Mart.StageAsync(Sale("T001", "Halal Tea", 1m, 1, "2023-10-01"));
        await File.WriteAllTextAsync(_fixture.Mart.State.PathOf($"staging/{batch}.db"), "this is no database");
        var failed = await Assert.ThrowsAsync<StagingLostException>(() => _fixture.Mart.Store.LoadAsync(batch, CancellationToken.None));
        Assert.Contains("damaged", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_MartDamaged_DoesNotBlameTheBatch()
    {
        var batch = await _fixture.Mart.StageAsync(Sale("T001", "Halal Tea", 1m, 1, "2023-10-01"));
        await _fixture.Mart.Store.LoadAsync(batch, CancellationToken.None);
        var next = await _fixture.Mart.StageAsync(Sale("T002", "Halal Tea", 1m, 1, "2023-10-01"));
        await using (var mart = await _fixture.Mart.Database.OpenUnpooledAsync(CancellationToken.None))
        {
            await using var drop = mart.CreateCommand();
            drop.CommandText = "DROP TABLE dirty_months";
            await drop.ExecuteNonQueryAsync();
        }

        await Assert.ThrowsAsync<MartException>(() => _fixture.Mart.Store.LoadAsync(next, CancellationToken.None));
    }

    [Fact]
    public async Task Load_Cancelled_ChangesNothing()
    {
        var batch = await _fixture.Mart.StageAsync(
            [.. Enumerable.Range(0, 50_000).Select(i => Sale($"T{i}", "Halal Tea", 1m, 1, "2023-10-01"))]);
        using var caller = new CancellationTokenSource();
        var loading = _fixture.Mart.Store.LoadAsync(batch, caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loading);
        await _fixture.Mart.TransformAsync();
        Assert.Empty(await _fixture.Mart.ReadAsync(Core.Marts.Mart.Operational, "2023-10"));
        Assert.Equal(50_000, (await _fixture.Mart.Store.LoadAsync(batch, CancellationToken.None)).Inserted);
    }

    private static MemoryStream Content() => new(Encoding.UTF8.GetBytes(
        Header + string.Concat(Enumerable.Range(0, 100).Select(i => $"T{i},Halal Tea,x,1,2023-10-01\n"))));

    // As the server's, every store of it, but waiting one second only.
    private TransactionReceiver CreateImpatientReceiver()
    {
        _impatient = _fixture.OpenStore(busySeconds: 1);
        return new TransactionReceiver(
            [_fixture.Mart.Store], new SqliteBatchStore(_impatient, _fixture.Mart.Time), new SqliteLeaseStore(_impatient, _fixture.Mart.Time),
            new LoneProcess(), new TransactionIdHasher(null), Microsoft.Extensions.Options.Options.Create(_fixture.Options), _fixture.Mart.Time,
            NullLogger<TransactionReceiver>.Instance);
    }

    private sealed class OnSecondRead(byte[] content, Func<Task> act) : MemoryStream(content)
    {
        private int _reads;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // One line at a time, so that something is already under way.
            var read = await base.ReadAsync(buffer[..Math.Min(buffer.Length, 50)], cancellationToken);
            if (++_reads == 2) await act();
            return read;
        }
    }
}
