using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Archive;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.BigQuery;
using TransactionPipeline.Core.Store;
using TransactionPipeline.GoogleStandIn;
using Part = TransactionPipeline.Core.Marts.Mart;

namespace TransactionPipeline.Google.Tests;

/// <summary>A stand-in of its own, the mart on it, and short ways to fill and ask it.</summary>
internal sealed class GoogleFixture : MartHarness
{
    public const string Project = "test-project";
    public const string Bucket = "test-bucket";

    private readonly HttpClient _http = new(new SocketsHttpHandler()) { Timeout = Timeout.InfiniteTimeSpan };
    private int _batches;

    private GoogleFixture(StandIn standIn, RushedTime time)
    {
        StandIn = standIn;
        Time = time;
    }

    public StandIn StandIn { get; }

    public RushedTime Time { get; }

    public LogLines Logs { get; } = new();

    public BigQueryOptions Options { get; } = new();

    public DataLakeOptions Lake { get; } = new() { Bucket = Bucket, ChunkBytes = ResumableUpload.Quantum };

    public IDailyCounts Counts { get; set; } = new LocalCounts();

    public IAccessTokens Tokens { get; set; } = new NoAccessTokens();

    public GoogleOptions Google => new() { BigQueryEndpoint = $"{StandIn.Endpoint}", StorageEndpoint = $"{StandIn.Endpoint}" };

    public BigQueryMart Mart { get; private set; } = null!;

    public CloudStorageClient Storage { get; private set; } = null!;

    public TransactionArchive Archive { get; private set; } = null!;

    public BigQueryTransactionStore Store { get; private set; } = null!;

    public BigQueryMartSource Warehouse { get; private set; } = null!;

    public override ITransactionStore Writer => Store;

    /// <summary>BigQuery plays the warehouse's part only, but has the single sales beneath its summaries.</summary>
    public override IMartSource Source(Part mart) => mart == Part.Warehouse ? Warehouse : new FactSales(this);

    public static async Task<GoogleFixture> StartAsync(Action<GoogleFixture>? configure = null, bool prepare = true)
    {
        var time = new RushedTime();
        var fixture = new GoogleFixture(await StandIn.StartAsync(time: time), time);
        configure?.Invoke(fixture);
        fixture.Connect();
        if (!prepare) return fixture;
        await fixture.PostAsync("storage/v1/b", new JsonObject { ["name"] = Bucket });
        await fixture.Store.PrepareAsync(CancellationToken.None);
        fixture.StandIn.Calls.Clear();
        return fixture;
    }

    /// <summary>As a process that starts anew: nothing is remembered.</summary>
    public void Connect()
    {
        var http = CreateHttp();
        Mart = new BigQueryMart(http, Google, new() { ProjectId = Project }, new(), Options, Time, Logs);
        Storage = new CloudStorageClient(http, Google.StorageEndpoint, Bucket);
        Archive = new TransactionArchive(Storage, Lake, Time);
        Store = Mart.CreateStore(Archive);
        Warehouse = Mart.CreateSource(new ByteBudget(Counts, Options.DailyByteBudget, Time));
    }

    public GoogleHttp CreateHttp() => new(_http, Tokens, Google, Time, Logs.CreateLogger<GoogleHttp>());

    public static Transaction[] Sample { get; } =
    [
        Sale("T001", "Halal Laptop", 999.99m, 2, "2023-10-01"),
        Sale("T002", "Halal Mouse", 24.99m, 10, "2023-10-02"),
        Sale("T003", "Halal Keyboard", 49.99m, 5, "2023-10-03"),
        Sale("T004", null, 29.99m, 3, "2023-10-04"),
        Sale("T005", "Monitor", 199.99m, 2, "2023-10-05"),
    ];

    public async Task<string> StageAsync(ITransactionStore store, params Transaction[] rows)
    {
        var batch = $"batch{++_batches}";
        await using var writer = await store.StageAsync(batch, CancellationToken.None);
        await writer.WriteAsync(rows, CancellationToken.None);
        await writer.CompleteAsync(CancellationToken.None);
        return batch;
    }

    public Task<MartRow[]> ReadAsync(string month, string prefix = "Halal") => ReadAsync(Part.Warehouse, month, prefix);

    public static QueryKey Key(string month, string prefix = "Halal") => new(Part.Warehouse, prefix, Month.Parse(month));

    public Task<string> TokenAsync() => TokenAsync(Part.Warehouse, "2023-10");

    /// <summary>Straight to the stand-in's API.</summary>
    public async Task<JsonObject> PostAsync(string path, JsonObject body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(StandIn.Endpoint, path)) { Content = JsonContent.Create(body) };
        if (StandIn.Token is { } token) request.Headers.Authorization = new("Bearer", token);
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    /// <summary>Straight from the stand-in's API.</summary>
    public async Task<byte[]> DownloadAsync(string path) => await _http.GetByteArrayAsync(new Uri(StandIn.Endpoint, path));

    /// <summary>An object's content, straight from the stand-in.</summary>
    public Task<byte[]> ReadObjectAsync(string name) => DownloadAsync($"storage/v1/b/{Bucket}/o/{Uri.EscapeDataString(name)}?alt=media");

    /// <summary>JSON, straight from the stand-in.</summary>
    public async Task<JsonObject> GetAsync(string path) => JsonNode.Parse(await DownloadAsync(path))!.AsObject();

    public override async ValueTask DisposeAsync()
    {
        Assert.Empty(StandIn.Broken);
        Mart.Dispose();
        _http.Dispose();
        await StandIn.DisposeAsync();
    }
}
