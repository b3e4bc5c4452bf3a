using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Tests.Sales;

/// <summary>What a caller may count on with the sample loaded: the rows, the errors, the log's words.</summary>
public sealed class SampleAnswersTests(WebAppFixture app) : IClassFixture<WebAppFixture>
{
    private const string October = "product_prefix=Halal&sale_month=2023-10-01";

    [Fact]
    public async Task Trends_October_AreTheThreeProductsOfTheSample()
    {
        var rows = await RowsAsync($"/sales/trends?{October}");

        Assert.Equal(
            [("Halal Keyboard", 249.95m, 49.99m, 1), ("Halal Laptop", 1999.98m, 999.99m, 1), ("Halal Mouse", 249.9m, 24.99m, 1)],
            rows.Select(row => (Product(row), Money(row, "total_amount"), Money(row, "avg_price"), Count(row))));
        Assert.All(rows, row => Assert.Matches("^[0-9a-f]{64}$", row.GetProperty("transaction_id").GetString()));
        Assert.All(rows, row => Assert.Equal("2023-10-01", row.GetProperty("sale_month").GetString()));
    }

    [Fact]
    public async Task Trends_TotalOfMouse_IsAPlainNumberWithoutTrailingZeros()
    {
        using var client = await app.AdminAsync();

        Assert.Contains("\"total_amount\":249.9,", await client.GetStringAsync($"/sales/trends?{October}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PgTrends_FullDate_IsThatDay()
    {
        var rows = await RowsAsync($"/sales/pg-trends?{October}");

        var row = Assert.Single(rows);
        Assert.Equal(("Halal Laptop", 1999.98m), (Product(row), Money(row, "total_amount")));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("T001"))), row.GetProperty("transaction_id").GetString());
    }

    [Fact]
    public async Task PgTrends_Month_IsTheWholeMonthWithItsDays()
    {
        var rows = await RowsAsync("/sales/pg-trends?product_prefix=Halal&sale_month=2023-10");

        Assert.Equal(
            [("Halal Keyboard", "2023-10-03"), ("Halal Laptop", "2023-10-01"), ("Halal Mouse", "2023-10-02")],
            rows.Select(row => (Product(row), row.GetProperty("sale_month").GetString()!)));
    }

    [Fact]
    public async Task Trends_NoParameters_AreHalalInTheNewestMonth() =>
        Assert.Equal(3, (await RowsAsync("/sales/trends")).Length);

    [Fact]
    public async Task Trends_AvgPriceRange_KeepsThePricesInIt()
    {
        var rows = await RowsAsync($"/sales/trends?{October}&min_avg_price=500&max_avg_price=1000");

        Assert.Equal(["Halal Laptop"], rows.Select(Product));
    }

    [Theory]
    [InlineData("/sales/trends?sale_month=2023-10&min_amount=249.95", "Halal Keyboard,Halal Laptop")]
    [InlineData("/sales/trends?sale_month=2023-10&max_quantity=5", "Halal Keyboard,Halal Laptop")]
    [InlineData("/sales/trends?month=2023-10-31&max_avg_price=50", "Halal Keyboard,Halal Mouse")]
    [InlineData("/sales/pg-trends?sale_month=2023-10&min_amount=250", "Halal Laptop")]
    [InlineData("/sales/pg-trends?sale_month=2023-10&max_quantity=2", "Halal Laptop")]
    [InlineData("/sales/pg-trends?sale_month=2023-10&min_avg_price=25&max_avg_price=500", "Halal Keyboard")]
    [InlineData("/sales/trends?product_prefix=Halal Lap&sale_month=2023-10", "Halal Laptop")]
    [InlineData("/sales/trends?product_prefix=halal&sale_month=2023-10", "")]
    [InlineData("/sales/trends?sale_month=2024-02", "")]
    public async Task Sales_Filter_AppliesOnBothRoutes(string address, string products) =>
        Assert.Equal(products, string.Join(',', (await RowsAsync(address)).Select(Product)));

    [Fact]
    public async Task Sales_Call_LogsUserCountParametersAndResult()
    {
        await RowsAsync("/sales/pg-trends?sale_month=2023-10&min_amount=249.9");

        var retrieved = app.Logs.Entries.Last(entry => entry.Message.Contains("PostgreSQL sales summaries", StringComparison.Ordinal)).Message;
        Assert.StartsWith("User admin retrieved 3 PostgreSQL sales summaries", retrieved, StringComparison.Ordinal);
        Assert.Contains("product_prefix=Halal, sale_month=2023-10, cache=", retrieved, StringComparison.Ordinal);
        Assert.Contains("min_amount=249.9", retrieved, StringComparison.Ordinal);
        Assert.Contains("API response time: ", retrieved, StringComparison.Ordinal);
    }

    // What makes an answer take less than a second: the time logged is the time taken, and only a first question takes the mart's.
    [Theory]
    [InlineData("/sales/trends", "retrieved 3 sales summaries")]
    [InlineData("/sales/pg-trends", "retrieved 3 PostgreSQL sales summaries")]
    [InlineData("/sales/monthly?from=2023-10", "retrieved 1 monthly sales summaries")]
    public async Task Sales_Call_LogsTheTimeItTookAndACachedOneAsksNoMart(string address, string line)
    {
        var mart = new SwitchableMart();
        await using var slow = new WebAppFixture { Services = mart.Install };
        mart.Reading = () => slow.Time.Advance(TimeSpan.FromSeconds(1.5));
        using var client = await slow.AdminAsync();

        await client.GetStringAsync(address);
        await client.GetStringAsync(address);

        var times = slow.Logs.Entries.Where(entry => entry.Message.Contains(line, StringComparison.Ordinal))
            .Select(entry => entry.Message.Split("API response time: ")[1]);
        Assert.Equal(["1.50 seconds", "0.00 seconds"], times);
        Assert.Equal(1, mart.Reads);
    }

    [Theory]
    [InlineData("/sales/trends")]
    [InlineData("/sales/pg-trends")]
    [InlineData("/sales/monthly")]
    public async Task Sales_WithoutAToken_Answers401(string address)
    {
        using var client = app.Anonymous();

        await ProblemAssert.IsAsync(await client.GetAsync(address), HttpStatusCode.Unauthorized, "POST /token");
    }

    [Theory]
    [InlineData("/sales/trends", "warehouse")]
    [InlineData("/sales/pg-trends", "operational")]
    public async Task Sales_MartFailsWithNothingCached_Answers500WithoutAnyRow(string address, string mart)
    {
        var switchable = new SwitchableMart { Failure = new MartException($"the {mart} mart has no table for this") };
        var failing = new WebAppFixture { Services = switchable.Install };
        try
        {
            using var client = await failing.AdminAsync();

            var answer = await client.GetAsync($"{address}?sale_month=2023-10");

            await ProblemAssert.IsAsync(answer, HttpStatusCode.InternalServerError, $"Query error: the {mart} mart has no table for this");
        }
        finally
        {
            await failing.DisposeAsync();
        }
    }

    private static string Product(JsonElement row) => row.GetProperty("product").GetString()!;

    private static decimal Money(JsonElement row, string name) => row.GetProperty(name).GetDecimal();

    private static int Count(JsonElement row) => row.GetProperty("transaction_count").GetInt32();

    private async Task<JsonElement[]> RowsAsync(string address)
    {
        using var client = await app.AdminAsync();
        return (await client.GetFromJsonAsync<JsonElement[]>(address))!;
    }
}
