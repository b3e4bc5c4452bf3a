using System.Net;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Tests.Hosting;

/// <summary>What is thrown on the way to an answer is an error in the log only when the app itself is at fault.</summary>
public sealed class ProblemLogTests : IAsyncLifetime
{
    private const string October = "/sales/trends?sale_month=2023-10";
    private readonly SwitchableMart _mart = new();
    private readonly WebAppFixture _app;
    private HttpClient _client = null!;

    public ProblemLogTests() => _app = new WebAppFixture { Services = _mart.Install };

    public async Task InitializeAsync() => _client = await _app.AdminAsync();

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Exception_ThatEndsIn500_IsAnError()
    {
        _mart.Failure = new MartException("the table is gone");

        await AnswersAsync(October, HttpStatusCode.InternalServerError);

        Assert.Contains(Errors(), entry => entry.Exception is MartException);
    }

    [Fact]
    public async Task Exception_ThatEndsInARefusal_IsNone()
    {
        _client.DefaultRequestHeaders.CacheControl = new() { OnlyIfCached = true };
        await AnswersAsync(October, HttpStatusCode.GatewayTimeout);
        _client.DefaultRequestHeaders.CacheControl = null;

        var withoutQuantities = new MartRowsBuilder();
        withoutQuantities.Add(new MartRow(TransactionId: null, "Halal Laptop", new DateOnly(2023, 10, 1), 1, 1, 1, TotalQuantity: null));
        _mart.Rows = withoutQuantities.Build();
        await AnswersAsync($"{October}&max_quantity=1", HttpStatusCode.UnprocessableEntity);

        _mart.Failure = new MartException("the day's budget is spent", MartFailure.Unavailable);
        await AnswersAsync($"{October}&product_prefix=Halal%20L", HttpStatusCode.ServiceUnavailable);
        await AnswersAsync("/test/bad", HttpStatusCode.RequestEntityTooLarge);

        Assert.Empty(Errors());
    }

    private async Task AnswersAsync(string address, HttpStatusCode status) => Assert.Equal(status, (await _client.GetAsync(address)).StatusCode);

    private IEnumerable<CapturedLog> Errors() => _app.Logs.Entries.Where(entry => entry.Level >= LogLevel.Error);
}
