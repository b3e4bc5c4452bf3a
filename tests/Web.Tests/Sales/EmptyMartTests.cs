using System.Net;

namespace TransactionPipeline.Web.Tests.Sales;

/// <summary>Before the first transaction has come.</summary>
public sealed class EmptyMartTests : IAsyncLifetime
{
    private readonly WebAppFixture _app = new() { Settings = { ["ingestion:sample"] = "" } };
    private HttpClient _client = null!;

    public async Task InitializeAsync() => _client = await _app.AdminAsync();

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("/sales/trends", "application/json", "[]")]
    [InlineData("/sales/trends", "text/csv", "transaction_id,product,sale_month,total_amount,avg_price,transaction_count\n")]
    [InlineData("/sales/pg-trends", "application/x-ndjson", "")]
    [InlineData("/sales/monthly", "application/json", "[]")]
    [InlineData("/sales/monthly", "text/csv", "sale_month,total_amount,transaction_count,total_quantity\n")]
    public async Task Sales_EmptyMart_IsNoRowsInTheFormatAskedForAndKeptByNobody(string address, string type, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd(type);

        var answer = await _client.SendAsync(request);

        Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal(body, await answer.Content.ReadAsStringAsync());
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Equal("TransactionPipeline; fwd=miss", answer.Headers.GetValues("Cache-Status").Single());
        Assert.Null(answer.Headers.ETag);
        Assert.Contains(_app.Logs.Entries, entry => entry.Message.StartsWith("User admin retrieved 0 ", StringComparison.Ordinal));
    }
}
