using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Testing;

/// <summary>A receiver over an embedded mart and store in a directory of their own.</summary>
internal sealed class ReceiverFixture : IDisposable
{
    public const string Header = "transaction_id,product,price,quantity,date\n";

    public ReceiverFixture()
    {
        Store = SqliteStore.In(Mart.State);
        Batches = new SqliteBatchStore(Store, Mart.Time);
        Leases = new SqliteLeaseStore(Store, Mart.Time);
        Stores = [Mart.Store];
    }

    public SqliteMartFixture Mart { get; } = new();

    public SqliteStore Store { get; }

    public SqliteBatchStore Batches { get; }

    public SqliteLeaseStore Leases { get; }

    /// <summary>Where the rows are staged: the embedded mart, and what a test adds.</summary>
    public List<ITransactionStore> Stores { get; }

    public IngestionOptions Options { get; } = new() { TrustInput = true, BatchSize = 2 };

    public TransactionReceiver CreateReceiver(ILeaseStore? leases = null) => new(
        Stores, Batches, leases ?? Leases, new LoneProcess(), new TransactionIdHasher(null),
        Microsoft.Extensions.Options.Options.Create(Options), Mart.Time, NullLogger<TransactionReceiver>.Instance);

    /// <summary>The same store as another process has it, or one that waits only so long for a lock.</summary>
    public SqliteStore OpenStore(int busySeconds = 10) =>
        new(new SqliteDatabase(Mart.State.PathOf("store.db"), StoreSchema.Migrations, busySeconds));

    /// <summary>Another process that writes to the store until this is disposed.</summary>
    public async Task<IAsyncDisposable> LockStoreAsync()
    {
        var connection = new SqliteConnection($"Data Source={Mart.State.PathOf("store.db")};Pooling=False");
        await connection.OpenAsync();
        // Closing it undoes the transaction and frees the lock.
        connection.BeginTransaction(deferred: false);
        return connection;
    }

    public Task<ReceivedBatch> ReceiveAsync(string text) => ReceiveAsync(Encoding.UTF8.GetBytes(text));

    public Task<ReceivedBatch> ReceiveAsync(byte[] content) =>
        CreateReceiver().ReceiveAsync(new MemoryStream(content), "test.csv", null, CancellationToken.None);

    /// <summary>Receives, loads, transforms, and reads the month's sales of every product.</summary>
    public async Task<MartRow[]> LoadAsync(string text, string month = "2023-10")
    {
        var batch = await ReceiveAsync(text);
        await Mart.Store.LoadAsync(batch.BatchId, CancellationToken.None);
        await Mart.TransformAsync(new MartFilter("", int.MaxValue));
        return await Mart.ReadAsync(Core.Marts.Mart.Operational, month, "");
    }

    public Task<IReadOnlyList<RejectedLine>> RejectsAsync() => Store.QueryAsync(
        "SELECT line, field, reason FROM rejected_transactions ORDER BY line",
        row => new RejectedLine(row.GetInt64(0), row.GetString(1), row.GetString(2)), [], CancellationToken.None);

    public Task<IReadOnlyList<string>> StatusesAsync() =>
        Store.QueryAsync("SELECT status FROM batches ORDER BY id", row => row.GetString(0), [], CancellationToken.None);

    /// <summary>Nothing of a batch that was broken off may be left, in either file or beside them.</summary>
    public async Task AssertNothingLeftAsync()
    {
        Assert.Equal(["abandoned"], await StatusesAsync());
        Assert.Empty(await RejectsAsync());
        var staging = Mart.State.PathOf("staging");
        Assert.True(!Directory.Exists(staging) || Directory.GetFileSystemEntries(staging).Length == 0);
    }

    public void Dispose()
    {
        Store.Dispose();
        Mart.Dispose();
    }
}
