using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.GoogleStandIn;
using TransactionPipeline.Web.Pipeline;

namespace TransactionPipeline.Google.Tests;

/// <summary>
/// Runs of the program's own pipeline over Cloud Storage, BigQuery and PostgreSQL: one that failed at any step is completed by the next
/// run, of the same process or of another, and archive, warehouse and operational mart are equal in the end.
/// </summary>
[Collection(PostgresCollection.Name)]
public sealed class RunResumeTests(PostgresFixture server) : IAsyncLifetime
{
    private const string File =
        """
        transaction_id,product,price,quantity,date
        T001,Halal Laptop,999.99,2,2023-10-01
        T002,Halal Mouse,24.99,10,2023-10-02
        T003,"Halal ""Tea"" é, 🍵",49.9900,5,2023-11-03
        T005,Monitor,199.99,2,2023-10-05

        """;

    private readonly TempDirectory _state = new();
    private GoogleFixture _google = null!;
    private PostgresOptions _postgres = null!;
    private WebApplication _process = null!;

    private string Export => _state.PathOf("export");

    public async Task InitializeAsync()
    {
        _google = await GoogleFixture.StartAsync();
        _postgres = await server.CreateDatabaseAsync();
        _process = Start();
    }

    public async Task DisposeAsync()
    {
        await _process.DisposeAsync();
        await _google.DisposeAsync();
        _state.Dispose();
    }

    /// <summary>A fault of Google's: its call, what happens to it, and how many of the kind go well before.</summary>
    [Theory]
    [InlineData("load", "storage.objects.get", FaultKind.Status, 0, false)]
    [InlineData("load", "bigquery.jobs.query", FaultKind.Status, 0, true)]
    [InlineData("load", "bigquery.tables.insert", FaultKind.Status, 0, false)]
    [InlineData("load", "bigquery.jobs.insert", FaultKind.Status, 0, true)]
    [InlineData("load", "bigquery.jobs.insert", FaultKind.CutAnswer, 0, true)]
    [InlineData("load", "bigquery.jobs.insert", FaultKind.Status, 1, true)]
    [InlineData("load", "bigquery.jobs.insert", FaultKind.CutAnswer, 1, false)]
    [InlineData("load", "storage.objects.patch", FaultKind.Status, 0, true)]
    [InlineData("load", "bigquery.tables.delete", FaultKind.Status, 0, true)]
    [InlineData("transform", "bigquery.jobs.insert", FaultKind.Status, 2, true)]
    [InlineData("transform", "bigquery.jobs.insert", FaultKind.CutAnswer, 2, false)]
    public async Task Run_GoogleFailedAtAStep_IsCompletedByTheNextRun(string step, string api, FaultKind kind, int skip, bool restart)
    {
        await ReceiveAsync();
        _google.StandIn.Faults.Plan(new Fault(api, kind), skip: skip);

        await AssertFailsAsync(step);
        _google.StandIn.Faults.Clear();
        if (restart) await RestartAsync();

        await AssertSucceedsAsync();
    }

    /// <summary>A table of PostgreSQL's that is away.</summary>
    [Theory]
    [InlineData("load", "transactions", false)]
    [InlineData("load", "loaded_batches", true)]
    [InlineData("transform", "pg_sales", true)]
    [InlineData("transform", "mart_versions", false)]
    public async Task Run_PostgresFailedAtAStep_IsCompletedByTheNextRunWithoutLoadingTheWarehouseAgain(string step, string table, bool restart)
    {
        await ReceiveAsync();
        await SqlAsync($"ALTER TABLE {table} RENAME TO away");

        await AssertFailsAsync(step);
        await SqlAsync($"ALTER TABLE away RENAME TO {table}");
        if (restart) await RestartAsync();
        _google.StandIn.Calls.Clear();

        await AssertSucceedsAsync();
        Assert.DoesNotContain(_google.StandIn.Calls.All, call => call.Body.Contains("pipeline-load-", StringComparison.Ordinal)
            || call.Body.Contains("pipeline-merge-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_ExportFailed_IsCompletedByTheNextRun(bool restart)
    {
        await ReceiveAsync();
        await System.IO.File.WriteAllTextAsync(Export, "in the way");

        await AssertFailsAsync("export");
        System.IO.File.Delete(Export);
        if (restart) await RestartAsync();

        await AssertSucceedsAsync();
    }

    [Theory]
    [InlineData("storage.objects.insert", FaultKind.Status)]
    [InlineData("storage.objects.insert", FaultKind.CutRequest)]
    public async Task Receive_ArchiveFailed_LeavesNothingAnywhereAndTheSameFileIsTakenNext(string api, FaultKind kind)
    {
        foreach (var store in _process.Services.GetServices<ITransactionStore>()) await store.PrepareAsync(CancellationToken.None);
        _google.StandIn.Faults.Plan(new Fault(api, kind), times: 2);

        await Assert.ThrowsAsync<MartException>(ReceiveAsync);
        Assert.Equal(0L, await SqlAsync("SELECT count(*) FROM pg_class WHERE relname LIKE 'staged%'"));
        Assert.Empty(await ObjectsAsync());

        _google.StandIn.Faults.Clear();
        await ReceiveAsync();
        await AssertSucceedsAsync();
    }

    private WebApplication Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["marts:warehouse"] = "bigquery",
            ["google:bigquery_endpoint"] = $"{_google.StandIn.Endpoint}",
            ["google:storage_endpoint"] = $"{_google.StandIn.Endpoint}",
            // A fault is a failure, and not only a pause.
            ["google:attempts"] = "1",
            ["data_lake:gcs_bucket"] = GoogleFixture.Bucket,
            ["data_warehouse:project_id"] = GoogleFixture.Project,
            ["data_warehouse:postgres:host"] = _postgres.Host,
            ["data_warehouse:postgres:port"] = $"{_postgres.Port}",
            ["data_warehouse:postgres:dbname"] = _postgres.Database,
            ["data_warehouse:postgres:user"] = _postgres.User,
            ["data_warehouse:postgres:password"] = _postgres.Password,
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new StateOptions(_state.Path));
        builder.Services.Configure<IngestionOptions>(options => options.TrustInput = true);
        builder.AddPipelineCore();
        return builder.Build();
    }

    private async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = Start();
    }

    private async Task ReceiveAsync() => await _process.Services.GetRequiredService<TransactionReceiver>()
        .ReceiveAsync(new MemoryStream(Encoding.UTF8.GetBytes(File)), "test.csv", null, CancellationToken.None);

    private Task<PipelineRun> RunAsync() =>
        _process.Services.GetRequiredService<PipelineRunner>().RunAsync("cli", retry: false, CancellationToken.None);

    private async Task AssertFailsAsync(string step)
    {
        var failed = await RunAsync();
        Assert.Equal((RunStatus.Failed, step), (failed.Status, failed.Step));
    }

    private async Task AssertSucceedsAsync()
    {
        var run = await RunAsync();
        Assert.True(run.Status == RunStatus.Succeeded, run.Error);

        var archived = await ArchivedRowsAsync();
        Assert.Equal(4, archived.Count);
        Assert.Equal(archived, await WarehouseRowsAsync("transaction_id, product, price, quantity, date", "transactions_warehouse.raw_transactions"));
        Assert.Equal(archived, await OperationalRowsAsync("transaction_id, product, price, quantity, date", "transactions"));
        foreach (var (columns, warehouse, operational) in new[]
        {
            ("transaction_id, product, price, quantity, amount, sale_date", "fact_sales", "pg_sales"),
            ("transaction_id, product, sale_month, total_amount, avg_price, transaction_count, total_quantity", "summary_sales", "summary_sales"),
        })
        {
            var rows = await WarehouseRowsAsync(columns, $"transactions_mart.{warehouse}");
            Assert.Equal(3, rows.Count);
            Assert.Equal(rows, await OperationalRowsAsync(columns, operational));
        }

        // Nothing is left to do: the batch is the archive's.
        Assert.Equal("loaded", await SqlAsync("SELECT string_agg(status, ',') FROM batches WHERE status <> 'abandoned'"));
        Assert.Equal(0L, await SqlAsync("SELECT count(*) FROM pg_class WHERE relname LIKE 'staged%'"));
        var tables = await _google.GetAsync($"bigquery/v2/projects/{GoogleFixture.Project}/datasets/transactions_warehouse/tables");
        Assert.DoesNotContain("staged_", tables.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(4, (await System.IO.File.ReadAllLinesAsync(Path.Combine(Export, "summary_sales.csv"))).Length);
    }

    private async Task<string[]> ObjectsAsync() =>
        [.. ((await _google.GetAsync($"storage/v1/b/{GoogleFixture.Bucket}/o"))["items"]?.AsArray() ?? []).Select(item => (string)item!["name"]!)];

    private async Task<List<string>> ArchivedRowsAsync()
    {
        var name = Assert.Single(await ObjectsAsync());
        await using var content = new GZipStream(
            new MemoryStream(await _google.DownloadAsync($"storage/v1/b/{GoogleFixture.Bucket}/o/{Uri.EscapeDataString(name)}?alt=media")), CompressionMode.Decompress);
        using var reader = new StreamReader(content);
        var rows = new List<string?[]>();
        while (await reader.ReadLineAsync() is { } line)
        {
            using var row = JsonDocument.Parse(line);
            rows.Add([.. new[] { "transaction_id", "product", "price", "quantity", "date" }.Select(column => $"{row.RootElement.GetProperty(column)}")]);
        }
        return Sorted(rows);
    }

    private async Task<List<string>> WarehouseRowsAsync(string columns, string table)
    {
        var answer = await _google.PostAsync(
            $"bigquery/v2/projects/{GoogleFixture.Project}/queries",
            new JsonObject { ["query"] = $"SELECT {columns} FROM {table}", ["useLegacySql"] = false });
        return Sorted((answer["rows"]?.AsArray() ?? []).Select(row => row!["f"]!.AsArray().Select(cell => (string?)cell!["v"]).ToArray()));
    }

    private async Task<List<string>> OperationalRowsAsync(string columns, string table)
    {
        var json = (string)(await SqlAsync($"SELECT json_agg(json_build_array({columns.Replace(",", "::text,", StringComparison.Ordinal)}::text))::text FROM {table}"))!;
        return Sorted(JsonNode.Parse(json)!.AsArray().Select(row => row!.AsArray().Select(cell => (string?)cell).ToArray()));
    }

    // A number is the same in all three, however many zeros it ends with.
    private static List<string> Sorted(IEnumerable<string?[]> rows) =>
    [
        .. rows.Select(row => string.Join('|', row.Select(cell =>
            decimal.TryParse(cell, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? $"{number:0.############}" : cell)))
            .Order(StringComparer.Ordinal),
    ];

    private Task<object?> SqlAsync(string sql) => server.ExecuteAsync(_postgres.Database, sql);
}
