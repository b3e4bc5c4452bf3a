using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Tests.Sales;

/// <summary>What an answer looks like: pages, formats, cache headers, failures.</summary>
public sealed class SalesAnswerTests : IAsyncLifetime
{
    private const string October = "/sales/trends?sale_month=2023-10";
    private readonly SwitchableMart _mart = new();
    private readonly WebAppFixture _app;
    private HttpClient _client = null!;

    public SalesAnswerTests() => _app = new WebAppFixture { Services = _mart.Install };

    public async Task InitializeAsync() => _client = await _app.AdminAsync();

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Json_Pages_FollowTheLinksToEveryRowOnce()
    {
        _mart.Rows = Rows(25);
        var products = new List<string>();
        for (var address = $"{October}&limit=10"; address is not null;)
        {
            var answer = await _client.GetAsync(address);
            var page = (await answer.Content.ReadFromJsonAsync<JsonElement[]>())!;
            Assert.InRange(page.Length, 1, 10);
            products.AddRange(page.Select(row => row.GetProperty("product").GetString()!));
            address = answer.Headers.TryGetValues("Link", out var link) ? link.Single().Split('<', '>')[1] : null;
        }

        Assert.Equal(_mart.Rows.All().Select(row => row.Product), products);
        Assert.Equal(1, _mart.Reads);
    }

    [Fact]
    public async Task Json_PagesOfAMartWithoutIds_LoseAndRepeatNothing()
    {
        var builder = new MartRowsBuilder();
        for (var i = 0; i < 9; i++) builder.Add(new MartRow(TransactionId: null, "Halal Tea", new DateOnly(2023, 10, 1 + i), i, i, 1, 1));
        _mart.Rows = builder.Build();
        var amounts = new List<decimal>();
        for (var address = $"{October}&limit=2"; address is not null;)
        {
            var answer = await _client.GetAsync(address);
            amounts.AddRange((await answer.Content.ReadFromJsonAsync<JsonElement[]>())!.Select(row => row.GetProperty("total_amount").GetDecimal()));
            address = answer.Headers.TryGetValues("Link", out var link) ? link.Single().Split('<', '>')[1] : null;
        }

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8], amounts);
    }

    [Fact]
    public async Task Json_MoreRowsThanADefaultPage_LinksToTheRest()
    {
        _mart.Rows = Rows(1500);

        var answer = await _client.GetAsync(October);
        var next = answer.Headers.GetValues("Link").Single().Split('<', '>')[1];

        Assert.Equal(1000, (await answer.Content.ReadFromJsonAsync<JsonElement[]>())!.Length);
        Assert.Equal(500, (await _client.GetFromJsonAsync<JsonElement[]>(next))!.Length);
    }

    [Theory]
    [InlineData("/sales/trends", "")]
    [InlineData("/sales/trends", "&limit=10")]
    [InlineData("/sales/pg-trends", "&limit=10&min_amount=1")]
    public async Task Json_PagesOfTheNewestMonth_StayInThatMonthWhenANewerOneComes(string route, string parameters)
    {
        _mart.Rows = Rows(1500);
        var first = await _client.GetAsync($"{route}?product_prefix=Halal{parameters}");
        var next = first.Headers.GetValues("Link").Single().Split('<', '>')[1];
        var month = (await first.Content.ReadFromJsonAsync<JsonElement[]>())![0].GetProperty("sale_month").GetString()![..7];

        Assert.Contains($"sale_month={month}&", next, StringComparison.Ordinal);
        var named = await _client.GetAsync($"{route}?month={month}{parameters}");
        Assert.DoesNotContain("sale_month=", named.Headers.GetValues("Link").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_PageThatEndsOnANameOfTwoLines_LinksToTheRest()
    {
        var builder = new MartRowsBuilder();
        foreach (var name in (string[])["Halal Tea\nGreen", "Halal Tea\nRed"])
            builder.Add(new MartRow(null, name, new DateOnly(2023, 10, 1), 1, 1, 1, 1));
        _mart.Rows = builder.Build();

        var next = (await _client.GetAsync($"{October}&limit=1")).Headers.GetValues("Link").Single().Split('<', '>')[1];

        Assert.Equal("Halal Tea\nRed", Assert.Single((await _client.GetFromJsonAsync<JsonElement[]>(next))!).GetProperty("product").GetString());
    }

    [Fact]
    public async Task Csv_IsTheWholeAnswerWithFormulasEscaped()
    {
        _mart.Rows = Rows(1500, "=HYPERLINK(\"x\"), quoted");

        var answer = await AcceptAsync("text/csv");
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("transaction_id,product,sale_month,total_amount,avg_price,transaction_count", lines[0]);
        Assert.Equal(1502, lines.Length);
        Assert.Contains(lines, line => line.Contains("\"'=HYPERLINK(\"\"x\"\"), quoted\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task NdJson_IsTheWholeAnswerOneObjectALine()
    {
        _mart.Rows = Rows(1500);

        var answer = await AcceptAsync("application/x-ndjson");
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(1500, lines.Length);
        Assert.Equal("Halal 00007", JsonDocument.Parse(lines[7]).RootElement.GetProperty("product").GetString());
    }

    [Fact]
    public async Task Json_Row_HasItsFieldsInTheContractsOrder()
    {
        var row = (await _client.GetFromJsonAsync<JsonElement[]>(October))![0];

        Assert.Equal(
            ["transaction_id", "product", "sale_month", "total_amount", "avg_price", "transaction_count"],
            row.EnumerateObject().Select(property => property.Name));
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip")]
    public async Task Json_AcceptEncoding_IsTheSameAnswerCompressed(string coding)
    {
        _mart.Rows = Rows(300);
        var plain = await _client.GetStringAsync(October);
        using var request = new HttpRequestMessage(HttpMethod.Get, October);
        request.Headers.AcceptEncoding.ParseAdd(coding);

        var answer = await _client.SendAsync(request);

        Assert.Equal([coding], answer.Content.Headers.ContentEncoding);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await using Stream decoded = coding == "br" ? new BrotliStream(body, CompressionMode.Decompress) : new GZipStream(body, CompressionMode.Decompress);
        using var reader = new StreamReader(decoded);
        Assert.Equal(plain, await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task Answer_TellsItsAgeOriginAndTag()
    {
        var first = await _client.GetAsync(October);
        _app.Time.Advance(TimeSpan.FromSeconds(7));
        var second = await _client.GetAsync(October);

        Assert.StartsWith("TransactionPipeline; fwd=miss; stored", first.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
        Assert.StartsWith("TransactionPipeline; hit; ttl=", second.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
        Assert.Equal("private, no-cache", second.Headers.CacheControl?.ToString().Replace("no-cache, private", "private, no-cache", StringComparison.Ordinal));
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
        Assert.Equal(first.Headers.GetValues("X-Data-As-Of"), second.Headers.GetValues("X-Data-As-Of"));
        Assert.NotNull(second.Headers.Age);
    }

    [Fact]
    public async Task IfNoneMatch_KnownTag_Answers304WithoutABody()
    {
        var tag = (await _client.GetAsync(October)).Headers.ETag!;
        using var request = new HttpRequestMessage(HttpMethod.Get, October);
        request.Headers.IfNoneMatch.Add(tag);

        var answer = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
        Assert.Equal(tag, answer.Headers.ETag);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("W/\"9223372036854775807-1\"")]
    [InlineData("W/\"253402300799999999-ffffffffffffffff\"")]
    public async Task IfNoneMatch_VersionThatNobodyCanHaveIssued_IsIgnored(string tag)
    {
        var first = await _client.GetAsync(October);
        using var request = new HttpRequestMessage(HttpMethod.Get, October);
        request.Headers.TryAddWithoutValidation("If-None-Match", tag);

        var answer = await _client.SendAsync(request);

        Assert.Equal((HttpStatusCode.OK, first.Headers.ETag), (answer.StatusCode, answer.Headers.ETag));
        Assert.StartsWith("TransactionPipeline; hit;", answer.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task IfNoneMatch_VersionOfAnotherProcess_IsCheckedAndAnsweredAboveIt()
    {
        var first = await _client.GetAsync(October);
        Assert.True(SnapshotVersion.TryParse(first.Headers.ETag!.Tag.Trim('"'), out var version));
        using var request = new HttpRequestMessage(HttpMethod.Get, October);
        request.Headers.TryAddWithoutValidation("If-None-Match", $"W/\"{version.Time + 1_000_000}-1\"");

        var answer = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(SnapshotVersion.TryParse(answer.Headers.ETag!.Tag.Trim('"'), out var answered));
        Assert.True(answered.Time > version.Time + 1_000_000, $"{answered} after {version}");
        // The mart has had nothing new: it was looked at, not read.
        Assert.Equal(1, _mart.Reads);
    }

    [Fact]
    public async Task OnlyIfCached_Cold_Answers504AndAsksNothing()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, October);
        request.Headers.CacheControl = new() { OnlyIfCached = true };

        await ProblemAssert.IsAsync(await _client.SendAsync(request), HttpStatusCode.GatewayTimeout, "only-if-cached");
        Assert.Equal(0, _mart.Reads);
    }

    [Fact]
    public async Task MartFails_LastGoodIsServedAndMarked()
    {
        var good = await _client.GetStringAsync(October);
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _app.Time.Advance(TimeSpan.FromHours(1));

        // The token ended with the hour.
        using var client = await _app.AdminAsync();
        var answer = await client.GetAsync(October);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(good, await answer.Content.ReadAsStringAsync());
        Assert.EndsWith("detail=stale-if-error", answer.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
        Assert.True(answer.Headers.Age >= TimeSpan.FromMinutes(59));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task IfNoneMatch_MartFailsAndOnlyAnOlderVersionIsLeft_Answers304MarkedStale(bool isAnyLeft)
    {
        if (isAnyLeft) await _client.GetAsync(October);
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _app.Time.Advance(TimeSpan.FromMinutes(20));
        var tag = TagIssued(TimeSpan.FromMinutes(5));

        var answer = await AskAsync(tag);

        Assert.Equal((HttpStatusCode.NotModified, tag), (answer.StatusCode, answer.Headers.ETag?.ToString()));
        Assert.Equal("TransactionPipeline; hit; detail=stale-if-error", answer.Headers.GetValues("Cache-Status").Single());
        Assert.Equal("no-cache, private", answer.Headers.CacheControl?.ToString());
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task IfNoneMatch_MartFailsAndTheVersionIsOlderThanMayBeServed_FailsAsTheMartDid()
    {
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);

        await ProblemAssert.IsAsync(await AskAsync(TagIssued(TimeSpan.FromHours(25))), HttpStatusCode.InternalServerError, "the mart is away");
    }

    [Theory]
    [InlineData("/sales/trends?product_prefix=Halal", 5)]
    [InlineData("/sales/trends?product_prefix=Halal&sale_month=2023-10-01", -5)]
    public async Task IfNoneMatch_MartFailsAndNothingIsKnown_Answers304WhateverMonthAndByAClockThatIsAhead(string address, int minutesAgo)
    {
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);

        Assert.Equal(HttpStatusCode.NotModified, (await AskAsync(TagIssued(TimeSpan.FromMinutes(minutesAgo)), address)).StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, (await _client.GetAsync(address)).StatusCode);
    }

    [Fact]
    public async Task MartUnavailable_NothingCached_Answers503WithRetryAfter()
    {
        _mart.Failure = new MartException("the day's budget is spent", MartFailure.Unavailable) { RetryAfter = TimeSpan.FromSeconds(90) };

        var answer = await _client.GetAsync(October);

        await ProblemAssert.IsAsync(answer, HttpStatusCode.ServiceUnavailable, "budget");
        Assert.Equal(TimeSpan.FromSeconds(90), answer.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task MaxQuantity_MartWithoutQuantities_Answers422NamingTheColumn()
    {
        var builder = new MartRowsBuilder();
        builder.Add(new MartRow(TransactionId: null, "Halal Laptop", new DateOnly(2023, 10, 1), 1, 1, 1, TotalQuantity: null));
        _mart.Rows = builder.Build();

        await ProblemAssert.IsAsync(await _client.GetAsync($"{October}&max_quantity=5"), HttpStatusCode.UnprocessableEntity, "total_quantity");
        Assert.Contains("\"transaction_id\":null", await _client.GetStringAsync(October), StringComparison.Ordinal);
    }

    private static MartRows Rows(int count, string? extra = null)
    {
        var builder = new MartRowsBuilder();
        for (var i = 0; i < count; i++)
            builder.Add(new MartRow($"{i:x64}", $"Halal {i:D5}", new DateOnly(2023, 10, 1), i + 0.5m, 10m, 1, 1));
        if (extra is not null) builder.Add(new MartRow(new string('f', 64), extra, new DateOnly(2023, 10, 1), 1, 1, 1, 1));
        return builder.Build();
    }

    private Task<HttpResponseMessage> AcceptAsync(string type)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, October);
        request.Headers.Accept.ParseAdd(type);
        return _client.SendAsync(request);
    }

    private string TagIssued(TimeSpan ago) => $"W/\"{(_app.Time.GetUtcNow() - ago).ToUnixTimeMilliseconds() * 1000}-1\"";

    private async Task<HttpResponseMessage> AskAsync(string knownTag, string address = October)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("If-None-Match", knownTag);
        return await _client.SendAsync(request);
    }
}
