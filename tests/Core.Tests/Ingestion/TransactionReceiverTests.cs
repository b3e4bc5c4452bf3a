using System.Text;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using static TransactionPipeline.Testing.MartHarness;
using static TransactionPipeline.Testing.ReceiverFixture;

namespace TransactionPipeline.Core.Tests.Ingestion;

public sealed class TransactionReceiverTests : IDisposable
{
    private readonly ReceiverFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Receive_GoodFile_StagesEveryLine()
    {
        var batch = await _fixture.ReceiveAsync(Header + "T001,Halal Laptop,999.99,2,2023-10-01\nT004,,29.99,3,2023-10-04\n");

        Assert.Equal(2, batch.Accepted);
        Assert.Equal(0, batch.RejectedCount);
        Assert.Equal(["received"], await _fixture.StatusesAsync());
    }

    [Fact]
    public async Task Receive_AnyColumnOrder_ReadsByName()
    {
        var row = Assert.Single(await _fixture.LoadAsync(
            " date ,quantity,price,product,transaction_id\n2023-10-01,2,999.99,Halal Laptop,T001"));
        Assert.Equal("e78d6e358171a045d54a628e52c664755d2003250e554d6490a2e3b5794d20a2", row.TransactionId);
        Assert.Equal(1999.98m, row.TotalAmount);
    }

    [Theory]
    [InlineData(" T001")]
    [InlineData("T001 ")]
    [InlineData("\"\tT001\r\n\"")]
    public async Task Receive_BlanksAroundTheId_IsTheSameTransaction(string id)
    {
        var row = Assert.Single(await _fixture.LoadAsync(Header + $"T001,Halal Tea,1,1,2023-10-01\n{id},Halal Tea,1,2,2023-10-01\n"));
        Assert.Equal(("e78d6e358171a045d54a628e52c664755d2003250e554d6490a2e3b5794d20a2", 2m), (row.TransactionId, row.TotalAmount));
    }

    [Fact]
    public async Task Receive_QuotesAcrossLinesAndCrlfAndByteOrderMark_ReadsTheText()
    {
        var row = Assert.Single(await _fixture.LoadAsync(
            "\uFEFFtransaction_id,product,price,quantity,date\r\nT001,\"Halal \"\"Best\"\"\r\nLaptop, 15 in\",1.5,2,2023-10-01\r\n\r\n"));
        Assert.Equal("Halal \"Best\"\r\nLaptop, 15 in", row.Product);
    }

    public static TheoryData<string> Encodings => new("utf-16", "utf-16BE", "utf-32");

    [Theory, MemberData(nameof(Encodings))]
    public async Task Receive_WideEncodingWithByteOrderMark_GivesTheSameIds(string name)
    {
        const string File = Header + "Tä1,Halal Käse,1.5,2,2023-10-01\n𝒯2,Halal 茶,1,1,2023-10-01\n";
        var encoding = Encoding.GetEncoding(name);
        var utf8 = await _fixture.LoadAsync(File);

        var batch = await _fixture.ReceiveAsync([.. encoding.GetPreamble(), .. encoding.GetBytes(File)]);

        // Neither new nor changed: the same ids, products and numbers.
        Assert.Equal(new LoadCounts(0, 0, 2, 0), await _fixture.Mart.Store.LoadAsync(batch.BatchId, CancellationToken.None));
        Assert.Equal(utf8, await _fixture.Mart.ReadAsync(Core.Marts.Mart.Operational, "2023-10", ""));
    }

    [Fact]
    public async Task Receive_Utf16WithoutByteOrderMark_RefusesTheFileInWords()
    {
        var refused = await Assert.ThrowsAsync<TransactionFileException>(
            () => _fixture.ReceiveAsync(Encoding.Unicode.GetBytes(Header + "T1,Halal,1,1,2023-10-01\n")));
        Assert.Contains("UTF-8", refused.Message, StringComparison.Ordinal);
        await _fixture.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\n\n", "empty")]
    [InlineData("transaction_id,product,price,quantity\n", "Missing: date.")]
    [InlineData("transaction_id,product,price,quantity,date,note\n", "Unknown: note.")]
    [InlineData("transaction_id,product,price,quantity,Date\n", "Missing: date. Unknown: Date.")]
    [InlineData("transaction_id,product,price,quantity,date,date\n", "More than once: date.")]
    [InlineData("T001,Halal Laptop,999.99,2,2023-10-01\n", "Missing: transaction_id, product, price, quantity, date.")]
    [InlineData("transaction_id;product;price;quantity;date\n", "Missing: transaction_id, product, price, quantity, date.")]
    public async Task Receive_WrongHeader_RefusesTheFileAndNamesTheColumns(string file, string says)
    {
        var refused = await Assert.ThrowsAsync<TransactionFileException>(() => _fixture.ReceiveAsync(file));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.Contains("transaction_id,product,price,quantity,date", refused.Message, StringComparison.Ordinal);
        await _fixture.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Receive_BadLines_RejectsEachWithLineFieldAndReason()
    {
        await _fixture.ReceiveAsync(Header
            + "T01,Halal,1e400,1,2023-10-01\n"
            + "T02,Halal,1,1,2023-02-31\n"
            + "T03,Ha\0lal,1,1,2023-10-01\n"
            + "T04,Halal,1\n"
            + "T05,Halal,1,1,2023-10-01,more\n"
            + "T06,Halal \"15\" in,1,1,2023-10-01\n"
            + ",Halal,1,1,2023-10-01\n"
            + "T08,\"Halal\n2\",,1,2023-10-01\n"
            + "T09,Halal,1,1.5,2023-10-01\n");

        Assert.Equal(
            [
                new(2, "price", RejectReasons.NotOfType),
                new(3, "date", RejectReasons.NotOfType),
                new(4, "", RejectReasons.Malformed),
                new(5, "", RejectReasons.Malformed),
                new(6, "", RejectReasons.Malformed),
                new(7, "", RejectReasons.Malformed),
                new(8, "transaction_id", RejectReasons.Missing),
                new(9, "price", RejectReasons.Missing),
                new(11, "quantity", RejectReasons.NotOfType),
            ],
            await _fixture.RejectsAsync());
    }

    [Fact]
    public async Task Receive_BytesThatAreNoText_RejectsTheLine()
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(Header), (byte)'T', 0xE4, .. Encoding.UTF8.GetBytes(",Halal,1,1,2023-10-01\n")];
        var batch = await _fixture.ReceiveAsync(bytes);
        Assert.Equal(1, batch.Rejected[RejectReasons.Malformed]);
    }

    [Theory]
    [InlineData("transaction_id,product,price,quantity,date")]
    [InlineData("transaction_id,product,price,quantity,date\nT001,Halal,x,1,2023-10-01\n")]
    public async Task Receive_NoGoodLine_EndsAsEmptyBatch(string file)
    {
        var batch = await _fixture.ReceiveAsync(file);
        Assert.Equal(0, batch.Accepted);
        Assert.Equal(["empty"], await _fixture.StatusesAsync());
        Assert.Empty(Directory.GetFiles(_fixture.Mart.State.PathOf("staging")));
    }

    [Theory]
    [InlineData("T001,{0},1,1,2023-10-01")]
    [InlineData("T001,\"{0},1,1,2023-10-01\nT002,Halal,1,1,2023-10-01")]
    public async Task Receive_LineOfTenMegabytes_RefusesTheFileWithoutKeepingIt(string line)
    {
        var file = new MemoryStream(Encoding.UTF8.GetBytes(Header + line.Replace("{0}", new string('x', 10 << 20), StringComparison.Ordinal)));
        var refused = await Assert.ThrowsAsync<TransactionFileException>(
            () => _fixture.CreateReceiver().ReceiveAsync(file, "test.csv", null, CancellationToken.None));
        // What was never read was never kept.
        Assert.InRange(file.Position, 1 << 20, 3 << 20);
        Assert.Contains("Line 2 is longer than 1 MiB", refused.Message, StringComparison.Ordinal);
        await _fixture.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Receive_FieldLongerThanAllowed_RejectsTheLine()
    {
        var batch = await _fixture.ReceiveAsync(Header + $"T001,{new string('x', 70_000)},1,1,2023-10-01\nT002,Halal,1,1,2023-10-01\n");
        Assert.Equal(1, batch.Accepted);
        Assert.Equal(1, batch.Rejected[RejectReasons.Malformed]);
    }

    [Fact]
    public async Task Receive_StreamBreaksOff_LeavesNothing()
    {
        var good = Header + string.Concat(Enumerable.Range(0, 50_000).Select(i => $"T{i},Halal Tea,1,1,2023-10-01\nbad\n"));
        await using var stream = new BrokenStream(Encoding.UTF8.GetBytes(good));
        await Assert.ThrowsAsync<IOException>(
            () => _fixture.CreateReceiver().ReceiveAsync(stream, "test.csv", null, CancellationToken.None));
        await _fixture.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Receive_CallerGivesUp_LeavesNothing()
    {
        using var caller = new CancellationTokenSource();
        var good = Encoding.UTF8.GetBytes(Header + string.Concat(Enumerable.Range(0, 5000).Select(i => $"T{i},Halal Tea,1,1,2023-10-01\n")));
        var progress = new Immediate(_ => caller.Cancel());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _fixture.CreateReceiver().ReceiveAsync(new MemoryStream(good), "test.csv", progress, caller.Token));
        await _fixture.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task DiscardDeadBatches_ReceiverDied_RemovesWhatItLeft()
    {
        // What a process leaves that is killed in the middle: a row, rejects, a partial file, a lease nobody renews.
        await _fixture.Leases.TryAcquireAsync("batch/dead", "dead", TimeSpan.FromSeconds(15), CancellationToken.None);
        await _fixture.Batches.BeginAsync("dead", "test.csv", CancellationToken.None);
        await _fixture.Batches.AddRejectsAsync("dead", [new(2, "price", RejectReasons.Missing)], CancellationToken.None);
        await File.WriteAllTextAsync(Directory.CreateDirectory(_fixture.Mart.State.PathOf("staging")).FullName + "/dead.partial", "x");
        var receiver = _fixture.CreateReceiver();

        await receiver.DiscardDeadBatchesAsync(CancellationToken.None);
        Assert.Equal(["receiving"], await _fixture.StatusesAsync());

        _fixture.Mart.Time.Advance(TimeSpan.FromSeconds(16));
        await receiver.DiscardDeadBatchesAsync(CancellationToken.None);
        await _fixture.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task DiscardDeadBatches_ReceiverCompletesMeanwhile_KeepsWhatIsReceived()
    {
        var batch = await _fixture.Mart.StageAsync(Sale("T001", "Halal Tea", 1m, 1, "2023-10-01"));
        var alive = await _fixture.Leases.TryAcquireAsync($"batch/{batch}", "alive", TimeSpan.FromSeconds(15), CancellationToken.None);
        await _fixture.Batches.BeginAsync(batch, "test.csv", CancellationToken.None);
        // After it was listed, and before its lease is asked for.
        var receiver = _fixture.CreateReceiver(new LateLeases(_fixture.Leases, async () =>
        {
            await _fixture.Batches.CompleteAsync(batch, 1, 0, CancellationToken.None);
            await _fixture.Leases.ReleaseAsync(alive!, CancellationToken.None);
        }));

        await receiver.DiscardDeadBatchesAsync(CancellationToken.None);

        Assert.Equal(["received"], await _fixture.StatusesAsync());
        Assert.Equal(new LoadCounts(1, 0, 0, 0), await _fixture.Mart.Store.LoadAsync(batch, CancellationToken.None));
    }

    [Fact]
    public async Task Receive_TwoAtOnce_BothArrive()
    {
        var files = Enumerable.Range(0, 2).Select(file => Header
            + string.Concat(Enumerable.Range(0, 1000).Select(i => $"F{file}T{i},Halal Tea,1,1,2023-10-01\n")));
        var batches = await Task.WhenAll(files.Select(_fixture.ReceiveAsync));
        Assert.All(batches, batch => Assert.Equal(1000, batch.Accepted));
        Assert.Equal(["received", "received"], await _fixture.StatusesAsync());
    }

    /// <summary>Something happens before a lease is taken.</summary>
    private sealed class LateLeases(ILeaseStore leases, Func<Task> before) : ILeaseStore
    {
        public async Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken)
        {
            await before();
            return await leases.TryAcquireAsync(name, holder, duration, cancellationToken);
        }

        public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) => leases.RenewAsync(lease, duration, cancellationToken);

        public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => leases.ReleaseAsync(lease, cancellationToken);
    }

    private sealed class Immediate(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }

    private sealed class BrokenStream(byte[] content) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new IOException("cut off");
    }
}
