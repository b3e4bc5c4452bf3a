using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using TransactionPipeline.Core.Archive;
using TransactionPipeline.Core.Google;
using TransactionPipeline.GoogleStandIn;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

public sealed class CloudStorageTests
{
    private const string Chunk = "storage.objects.insert.chunk";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(ResumableUpload.Quantum)]
    [InlineData((3 * ResumableUpload.Quantum) + 17)]
    public async Task Upload_OfAnySize_ArrivesWhole(int size)
    {
        await using var google = await StartAsync();
        Assert.Equal(Content(size), await UploadAsync(google, Content(size)));
    }

    [Theory]
    [InlineData(FaultKind.Status, 503)]
    [InlineData(FaultKind.Status, 429)]
    [InlineData(FaultKind.CutAnswer, 0)]
    [InlineData(FaultKind.CutRequest, 0)]
    public async Task Upload_ChunkFails_ResumesWhereTheServiceIs(FaultKind kind, int status)
    {
        foreach (var skip in Enumerable.Range(0, 4))
        {
            // Chunks of 512 KiB, so that half of one can have arrived.
            await using var google = await StartAsync(fixture => fixture.Lake.ChunkBytes = 2 * ResumableUpload.Quantum);
            google.StandIn.Faults.Plan(new Fault(Chunk, kind, status, "backendError"), skip: skip);
            var content = Content((6 * ResumableUpload.Quantum) + 5);

            Assert.Equal(content, await UploadAsync(google, content));
            Assert.Contains(google.StandIn.Calls.All, call => call.ContentRange is { } range && range.StartsWith("bytes */", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Upload_SessionLost_FailsAndMakesNothing()
    {
        await using var google = await StartAsync();
        google.StandIn.Faults.Plan(new Fault(Chunk, FaultKind.Status, 410, "gone"), times: 100);
        var failed = await Assert.ThrowsAsync<GoogleApiException>(() => UploadAsync(google, Content(ResumableUpload.Quantum * 2)));
        Assert.False(failed.IsTransient);
        Assert.Null(await google.Storage.FindAsync("some/object", CancellationToken.None));
    }

    [Fact]
    public async Task Objects_ReadMarkedDeleted_AreAsExpected()
    {
        await using var google = await StartAsync();
        foreach (var name in (string[])["a/1", "a/2 ü%2F"])
            Assert.Equal(name, Encoding.UTF8.GetString(await UploadAsync(google, Encoding.UTF8.GetBytes(name), name)));

        await google.Storage.MarkAsync("a/1", new Dictionary<string, string>(StringComparer.Ordinal) { ["x"] = "y" }, CancellationToken.None);
        Assert.Equal("y", (await google.Storage.FindAsync("a/1", CancellationToken.None))!.Metadata!["x"]);
        await google.Storage.DeleteAsync("a/1", CancellationToken.None);
        await google.Storage.DeleteAsync("a/1", CancellationToken.None);
        Assert.Null(await google.Storage.FindAsync("a/1", CancellationToken.None));
    }

    [Fact]
    public async Task Archive_OfABatch_HoldsHashedIdsAndExactPrices()
    {
        await using var google = await StartAsync();
        var batch = await google.StageAsync(google.Store, Sample);

        var packed = await google.ReadObjectAsync($"raw/transactions/{batch}.ndjson.gz");
        using var reader = new StreamReader(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress));
        var lines = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();

        Assert.Equal(Sample.Select(sale => sale.TransactionId), lines.Select(line => line["transaction_id"]!.ToString()));
        Assert.Equal([1, 2, 3, 4, 5], lines.Select(line => (int)line["line"]!));
        Assert.Equal("999.99", lines[0]["price"]!.ToString());
        Assert.Null(lines[3]["product"]);
    }

    private static byte[] Content(int size)
    {
        var content = new byte[size];
        new Random(42).NextBytes(content);
        return content;
    }

    private static async Task<byte[]> UploadAsync(GoogleFixture google, byte[] content, string name = "some/object")
    {
        await using var upload = await google.Storage.BeginUploadAsync(name, "application/octet-stream", google.Lake.ChunkBytes, CancellationToken.None);
        for (var at = 0; at < content.Length; at += 100_000)
            await upload.AppendAsync(content.AsMemory(at, Math.Min(100_000, content.Length - at)), CancellationToken.None);
        var made = await upload.CompleteAsync(CancellationToken.None);
        Assert.Equal(content.Length, made.Size);
        return await google.ReadObjectAsync(name);
    }
}
