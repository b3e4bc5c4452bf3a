using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.BigQuery;
using static TransactionPipeline.Google.Tests.GoogleFixture;
using static TransactionPipeline.Testing.MartHarness;

namespace TransactionPipeline.Google.Tests;

public sealed class BigQueryMartSourceTests
{
    [Fact]
    public async Task Read_TheSeedsCase_ReadsLessThanTenMegabytesAndSaysSo()
    {
        await using var mart = await StartAsync();
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        var counted = new Dictionary<string, long>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            // Other tests' marts count beside this one.
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == BigQueryMetrics.MeterName && instrument.Meter.Scope == mart.Mart) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (tags.Contains(new("purpose", "read-mart"))) lock (counted) counted[instrument.Name] = counted.GetValueOrDefault(instrument.Name) + value;
        });
        listener.Start();

        Assert.Equal(3, (await mart.ReadAsync("2023-10")).Length);

        Assert.InRange(counted["bigquery.bytes.processed"], 1, 10_000_000 - 1);
        // The least that BigQuery bills for a table.
        Assert.Equal(10L << 20, counted["bigquery.bytes.billed"]);
        Assert.Contains("BigQuery read-mart: job job_", mart.Logs.All, StringComparison.Ordinal);
        var body = JsonNode.Parse(mart.StandIn.Calls.All.Last(call => call.Api == "bigquery.jobs.query").Body)!;
        Assert.Equal("10485760", body["maximumBytesBilled"]!.ToString());
        Assert.False(body["useLegacySql"]!.GetValue<bool>());
        Assert.Equal("read-mart", body["labels"]!["purpose"]!.ToString());
        Assert.NotNull(body["requestId"]);
        // The service's own longest wait; what takes longer is asked after.
        Assert.Equal("1000", body["timeoutMs"]!.ToString());
        Assert.DoesNotContain("Halal", body["query"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ManyPages_GivesEveryRow()
    {
        await using var mart = await StartAsync();
        await mart.LoadAsync([.. Enumerable.Range(0, 157).Select(i => Sale($"T{i}", $"Halal {i:D3}", i + 1, 1, "2023-10-01"))]);
        await mart.TransformAsync();
        mart.StandIn.Faults.PageSize = 10;
        mart.StandIn.Calls.Clear();

        Assert.Equal(157, (await mart.ReadAsync("2023-10")).Length);
        Assert.Equal(15, mart.StandIn.Calls.Count("bigquery.jobs.getQueryResults"));
    }

    [Fact]
    public async Task Read_JobThatFinishesLater_IsWaitedFor()
    {
        await using var mart = await StartAsync();
        mart.StandIn.Faults.PollsBeforeDone = 3;
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        Assert.Equal(3, (await mart.ReadAsync("2023-10")).Length);
    }

    [Fact]
    public async Task Read_JobThatDoesNotFinishInTime_IsCancelled()
    {
        await using var mart = await StartAsync(fixture => fixture.Options.TimeoutMs = 3_000);
        mart.StandIn.Faults.PollsBeforeDone = int.MaxValue;

        var failed = await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"));

        Assert.Equal(MartFailure.Transient, failed.Failure);
        Assert.Contains("bigquery:timeout_ms", failed.Message, StringComparison.Ordinal);
        Assert.Equal(1, mart.StandIn.Calls.Count("bigquery.jobs.cancel"));
    }

    [Fact]
    public async Task Read_CallerLeavesWhileTheJobRuns_IsCancelledThereToo()
    {
        await using var mart = await StartAsync();
        mart.StandIn.Faults.PollsBeforeDone = int.MaxValue;
        using var caller = new CancellationTokenSource();
        var polled = mart.StandIn.Calls.NextAsync("bigquery.jobs.getQueryResults");
        var reading = mart.Warehouse.ReadAsync(Key("2023-10"), caller.Token);
        await Phase.InTimeAsync(polled, "the waiting for the job");
        var cancelled = mart.StandIn.Calls.NextAsync("bigquery.jobs.cancel");

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Phase.InTimeAsync(cancelled, "the job's cancelling");
    }

    [Theory]
    [InlineData("%")]
    [InlineData("Halal' OR '1'='1")]
    [InlineData("'; DROP TABLE summary_sales; --")]
    [InlineData("\" OR TRUE --")]
    [InlineData("@month")]
    [InlineData("Halal\\")]
    [InlineData("`test-project.transactions_mart.summary_sales`")]
    public async Task Read_HostilePrefix_IsOnlyAValue(string prefix)
    {
        await using var mart = await StartAsync();
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        Assert.Empty(await mart.ReadAsync("2023-10", prefix));
        Assert.Equal(3, (await mart.ReadAsync("2023-10")).Length);
    }

    [Fact]
    public async Task Read_HostileProduct_ComesBackAsItIs()
    {
        await using var mart = await StartAsync();
        const string product = "Halal '\"\\\t%_@x; -- é😀";
        await mart.LoadAsync(Sale("T1", product, 1m, 1, "2023-10-01"));
        await mart.TransformAsync();
        Assert.Equal(product, Assert.Single(await mart.ReadAsync("2023-10", product)).Product);
    }

    [Fact]
    public async Task Read_MartMadeElsewhere_ServesWhatItHas()
    {
        await using var mart = await StartAsync(prepare: false);
        await CreateForeignMartAsync(mart, "FLOAT");

        var rows = await mart.Warehouse.ReadAsync(Key("2023-10"), CancellationToken.None);

        Assert.False(rows.HasTransactionId);
        Assert.False(rows.HasTotalQuantity);
        Assert.Equal([(249.95m, 49.99m), (1999.98m, 999.99m)], rows.All().Select(row => (row.TotalAmount, row.AvgPrice)));
        Assert.Equal(Month.Parse("2023-10"), await mart.Warehouse.FindNewestMonthAsync(CancellationToken.None));
    }

    [Fact]
    public async Task ChangeToken_OfAView_IsNeverTheSame()
    {
        await using var mart = await StartAsync(prepare: false);
        await CreateForeignMartAsync(mart, "NUMERIC", type: "VIEW");
        var token = await mart.TokenAsync();
        mart.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotEqual(token, await mart.TokenAsync());
    }

    [Fact]
    public async Task ChangeToken_Unchanged_CostsNoQuery()
    {
        await using var mart = await StartAsync();
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        mart.StandIn.Calls.Clear();

        for (var i = 0; i < 20; i++)
        {
            mart.Time.Advance(TimeSpan.FromMinutes(3));
            await mart.TokenAsync();
        }
        Assert.Equal(20, mart.StandIn.Calls.Count("bigquery.tables.get"));
        Assert.Equal(0, mart.StandIn.Calls.Count("bigquery.jobs.query"));
    }

    [Fact]
    public async Task NewestMonth_AskedTwice_IsQueriedOnceForEachStateOfTheTable()
    {
        await using var mart = await StartAsync();
        Assert.Null(await mart.Warehouse.FindNewestMonthAsync(CancellationToken.None));
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        mart.StandIn.Calls.Clear();
        for (var i = 0; i < 3; i++) Assert.Equal(Month.Parse("2023-10"), await mart.Warehouse.FindNewestMonthAsync(CancellationToken.None));
        Assert.Equal(1, mart.StandIn.Calls.Count("bigquery.jobs.query"));
    }

    [Fact]
    public async Task Read_BudgetSpent_IsNotAskedUntilTheNextDay()
    {
        await using var mart = await StartAsync(fixture => fixture.Options.DailyByteBudget = 25L << 20);
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        await mart.ReadAsync("2023-10");
        await mart.ReadAsync("2023-10");
        mart.StandIn.Calls.Clear();

        var spent = await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"));
        Assert.Equal(MartFailure.Unavailable, spent.Failure);
        Assert.InRange(spent.RetryAfter!.Value, TimeSpan.FromHours(11), TimeSpan.FromHours(12));
        Assert.Empty(mart.StandIn.Calls.All);

        mart.Time.Advance(TimeSpan.FromHours(12));
        Assert.Equal(3, (await mart.ReadAsync("2023-10")).Length);
    }

    [Fact]
    public async Task Budget_QueryThatBillsNothing_GivesTheReservationBack()
    {
        // Empty partitions are billed nothing: any number of them fits the budget.
        await using var mart = await StartAsync(fixture => fixture.Options.DailyByteBudget = 25L << 20);
        for (var i = 0; i < 5; i++) Assert.Empty(await mart.ReadAsync("2023-10"));
    }

    private static async Task CreateForeignMartAsync(GoogleFixture mart, string money, string type = "TABLE")
    {
        const string root = $"bigquery/v2/projects/{Project}";
        await mart.PostAsync("storage/v1/b", new JsonObject { ["name"] = Bucket });
        await mart.PostAsync($"{root}/datasets", new JsonObject { ["datasetReference"] = new JsonObject { ["datasetId"] = "transactions_mart" } });
        JsonObject Column(string name, string columnType) => new() { ["name"] = name, ["type"] = columnType };
        await mart.PostAsync($"{root}/datasets/transactions_mart/tables", new JsonObject
        {
            ["tableReference"] = new JsonObject { ["tableId"] = "summary_sales" },
            ["type"] = type,
            ["schema"] = new JsonObject
            {
                ["fields"] = new JsonArray(
                    Column("product", "STRING"), Column("sale_month", "DATE"), Column("total_amount", money), Column("avg_price", money), Column("transaction_count", "INTEGER")),
            },
        });
        await mart.PostAsync($"{root}/queries", new JsonObject
        {
            ["query"] = """
                INSERT INTO transactions_mart.summary_sales (product, sale_month, total_amount, avg_price, transaction_count)
                VALUES ('Halal Laptop', DATE '2023-10-01', 1999.98, 999.99, 1), ('Halal Keyboard', DATE '2023-10-01', 249.95, 49.99, 1),
                       ('Monitor', DATE '2023-10-01', 1, 1, 1), (NULL, DATE '2023-10-01', 1, 1, 1)
                """.Replace("1999.98, 999.99", money == "NUMERIC" ? "NUMERIC '1999.98', NUMERIC '999.99'" : "1999.98, 999.99", StringComparison.Ordinal)
                .Replace("249.95, 49.99", money == "NUMERIC" ? "NUMERIC '249.95', NUMERIC '49.99'" : "249.95, 49.99", StringComparison.Ordinal),
            ["useLegacySql"] = false,
        });
    }
}
