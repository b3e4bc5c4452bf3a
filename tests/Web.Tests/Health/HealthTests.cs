using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Web.Tests.Sales;

namespace TransactionPipeline.Web.Tests.Health;

public sealed class HealthTests : IAsyncLifetime
{
    private readonly SwitchableMart _mart = new();
    private readonly WebAppFixture _app;

    public HealthTests() => _app = new WebAppFixture { Services = _mart.Install };

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [InlineData("/health/ready")]
    [InlineData("/health/startup")]
    public async Task Probe_AllIsWell_TellsWhatServesFromWhere(string probe)
    {
        using var client = _app.Anonymous();

        var answer = await client.GetAsync(probe);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var marts = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks").GetProperty("marts");
        Assert.Equal("sqlite", marts.GetProperty("data").GetProperty("warehouse").GetString());
    }

    [Fact]
    public async Task Probe_MartFails_IsDegradedButTakesRequestsAndLives()
    {
        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        using var client = _app.Anonymous();

        var ready = await client.GetAsync("/health/ready");
        var health = await ready.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal("degraded", health.GetProperty("status").GetString());
        Assert.Contains("the mart is away", health.GetProperty("checks").GetProperty("marts").GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task Metrics_AfterAnAnswer_CountIt()
    {
        using var client = await _app.AdminAsync();
        await client.GetAsync("/sales/trends?sale_month=2023-10");

        var metrics = await client.GetStringAsync("/metrics");

        Assert.Matches("pipeline_cache_answers_total\\{[^}]*mart=\"warehouse\",result=\"miss\"[^}]*\\} [1-9]", metrics);
    }
}
