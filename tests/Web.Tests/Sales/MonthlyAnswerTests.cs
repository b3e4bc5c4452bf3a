using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Tests.Sales;

/// <summary><c>/sales/monthly</c>; the sample's newest month is October 2023.</summary>
public sealed class MonthlyAnswerTests : IAsyncLifetime
{
    private const string ThreeMonths = "/sales/monthly?from=2023-09&to=2023-11";
    private readonly SwitchableMart _mart = new();
    private readonly WebAppFixture _app;
    private HttpClient _client = null!;

    // The watcher's looks would make old answers young.
    public MonthlyAnswerTests() => _app = new WebAppFixture { Services = _mart.Install, Settings = { ["cache:poll_seconds"] = "3600" } };

    public async Task InitializeAsync() => _client = await _app.AdminAsync();

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Monthly_Range_HasATotalForEachMonth()
    {
        var rows = (await _client.GetFromJsonAsync<JsonElement[]>(ThreeMonths))!;

        Assert.Equal(["sale_month", "total_amount", "transaction_count", "total_quantity"], rows[0].EnumerateObject().Select(field => field.Name));
        Assert.Equal(
            [("2023-09-01", 0m, 0), ("2023-10-01", 2499.83m, 3), ("2023-11-01", 0m, 0)],
            rows.Select(row => (
                row.GetProperty("sale_month").GetString()!, row.GetProperty("total_amount").GetDecimal(), row.GetProperty("transaction_count").GetInt32())));
    }

    [Theory]
    [InlineData("", 12, "2022-11-01", "2023-10-01")]
    [InlineData("from=2023-08", 3, "2023-08-01", "2023-10-01")]
    [InlineData("from=2020-11", 36, "2020-11-01", "2023-10-01")]
    [InlineData("to=2023-02-17", 12, "2022-03-01", "2023-02-01")]
    [InlineData("to=0001-03", 3, "0001-01-01", "0001-03-01")]
    [InlineData("from=0001-01&to=0001-01", 1, "0001-01-01", "0001-01-01")]
    [InlineData("from=9999-01&to=9999-12", 12, "9999-01-01", "9999-12-01")]
    [InlineData("mart=operational&from=2023-10", 1, "2023-10-01", "2023-10-01")]
    public async Task Monthly_AnyRange_IsExactlyWhatWasAskedFor(string query, int months, string first, string last)
    {
        var rows = (await _client.GetFromJsonAsync<JsonElement[]>($"/sales/monthly?{query}"))!;

        Assert.Equal(
            (months, first, last),
            (rows.Length, rows[0].GetProperty("sale_month").GetString(), rows[^1].GetProperty("sale_month").GetString()));
    }

    [Theory]
    [InlineData("from=2023-13", "from: must be a month")]
    [InlineData("from=2023-10&to=2023-09", "from: must not be after to, which is 2023-09.")]
    [InlineData("from=2024-01", "from: must not be after 2023-10, the newest month with data, unless to is given.")]
    [InlineData("from=2000-01", "from: must be 2020-11 or later: a range has at most 36 months, and this one ends with 2023-10.")]
    [InlineData("from=2020-09&to=2023-09", "from: must be 2020-10 or later")]
    [InlineData("from=0001-01&to=9999-12", "from: must be 9997-01 or later")]
    [InlineData("to=0000-01", "to: must be a month")]
    [InlineData("from=2023-09&from=2023-10", "from: give it once.")]
    [InlineData("mart=other", "mart: must be warehouse or operational.")]
    [InlineData("product_prefix=%25", "product_prefix: ")]
    [InlineData("months=3", "months: is not a parameter")]
    public async Task Monthly_BadParameter_Answers422AndSaysWhatIsAllowed(string query, string detail) =>
        await ProblemAssert.IsAsync(await _client.GetAsync($"/sales/monthly?{query}"), HttpStatusCode.UnprocessableEntity, detail);

    [Theory]
    [InlineData("text/csv", "sale_month,total_amount,transaction_count,total_quantity\n2023-09-01,0,0,0\n2023-10-01,2499.83,3,17\n2023-11-01,0,0,0\n")]
    [InlineData("application/x-ndjson",
        """
        {"sale_month":"2023-09-01","total_amount":0,"transaction_count":0,"total_quantity":0}
        {"sale_month":"2023-10-01","total_amount":2499.83,"transaction_count":3,"total_quantity":17}
        {"sale_month":"2023-11-01","total_amount":0,"transaction_count":0,"total_quantity":0}

        """)]
    public async Task Monthly_Accept_IsTheFormat(string type, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ThreeMonths);
        request.Headers.Accept.ParseAdd(type);

        var answer = await _client.SendAsync(request);

        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Monthly_OneMonthYounger_TellsTheAgeOfTheOldestAndThatTheMartWasAsked()
    {
        var first = await _client.GetAsync("/sales/monthly?from=2023-09&to=2023-10");
        _app.Time.Advance(TimeSpan.FromSeconds(20));

        var mixed = await _client.GetAsync(ThreeMonths);
        var again = await _client.GetAsync(ThreeMonths);

        Assert.StartsWith("TransactionPipeline; fwd=miss; stored", StatusOf(mixed), StringComparison.Ordinal);
        Assert.StartsWith("TransactionPipeline; hit; ttl=40", StatusOf(again), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(20), mixed.Headers.Age);
        Assert.Equal(first.Headers.GetValues("X-Data-As-Of"), mixed.Headers.GetValues("X-Data-As-Of"));
        Assert.Equal(mixed.Headers.ETag, again.Headers.ETag);
        Assert.NotEqual(first.Headers.ETag, mixed.Headers.ETag);
    }

    [Fact]
    public async Task Monthly_OneMonthFromTheLastGoodAnswer_IsMarked()
    {
        await _client.GetAsync("/sales/monthly?from=2023-10&to=2023-10");
        _app.Time.Advance(TimeSpan.FromMinutes(12));
        await _client.GetAsync("/sales/monthly?from=2023-09&to=2023-09");
        _mart.Failure = new MartException("the mart is away");

        Assert.EndsWith("detail=stale-if-error", StatusOf(await _client.GetAsync("/sales/monthly?from=2023-09&to=2023-10")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Monthly_KnownTag_Answers304()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ThreeMonths);
        request.Headers.IfNoneMatch.Add((await _client.GetAsync(ThreeMonths)).Headers.ETag!);

        var answer = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Monthly_Call_LogsAsTheOtherRoutesDo()
    {
        await _client.GetAsync(ThreeMonths + "&product_prefix=Halal");
        await _client.GetAsync(ThreeMonths + "&product_prefix=Halal");

        var lines = _app.Logs.Entries.Select(entry => entry.Message).Where(line => line.Contains("monthly sales summaries", StringComparison.Ordinal)).ToList();
        Assert.StartsWith(
            "User admin retrieved 3 monthly sales summaries (product_prefix=Halal, sale_month=2023-09 to 2023-11, cache=miss, version=",
            lines[0], StringComparison.Ordinal);
        Assert.Contains(", query=?from=2023-09", lines[0], StringComparison.Ordinal);
        Assert.Contains("cache=hit", lines[1], StringComparison.Ordinal);
    }

    private static string StatusOf(HttpResponseMessage answer) => answer.Headers.GetValues("Cache-Status").Single();
}
