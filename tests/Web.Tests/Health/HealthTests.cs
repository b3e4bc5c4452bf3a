using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Users;

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
        var checks = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks");
        Assert.Equal("sqlite", checks.GetProperty("marts").GetProperty("data").GetProperty("warehouse").GetString());
        Assert.Equal("sqlite", checks.GetProperty("store").GetProperty("data").GetProperty("store").GetString());
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
    public async Task Probe_MartsHang_AnswersDegradedWithoutWaitingForThem()
    {
        using var client = _app.Anonymous();
        var hang = new TaskCompletionSource();
        _mart.Hang = hang.Task;

        var asking = client.GetAsync("/health/ready");
        await Phase.UntilAsync(() => _mart.Hung >= 2, "the probe's question to both marts");
        await Phase.UntilAsync(
            () =>
            {
                _app.Time.Advance(TimeSpan.FromMilliseconds(100));
                return asking.IsCompleted;
            },
            "the probe's answer");
        var ready = await asking;
        hang.SetResult();

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        var marts = (await ready.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks").GetProperty("marts");
        Assert.Equal("degraded", marts.GetProperty("status").GetString());
        var problems = marts.GetProperty("description").GetString()!.Split("; ").Order(StringComparer.Ordinal);
        Assert.Equal(["operational: no answer within 1 s", "warehouse: no answer within 1 s"], problems);
    }

    [Fact]
    public async Task Probe_MartIsLeftAloneForAWhile_IsDegradedThoughItsNewestMonthIsKnown()
    {
        await using var app = new WebAppFixture { Services = services => _mart.Install(services, new() { Retries = 0, BreakerMinAttempts = 2 }) };
        using var client = await app.AdminAsync();
        await client.GetAsync("/sales/trends?sale_month=2023-10");
        Assert.Equal("healthy", await StatusAsync(client));

        _mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        for (var i = 0; i < 20; i++) await CheckAsync();

        Assert.Equal("degraded", await StatusAsync(client));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/sales/trends?sale_month=2023-10")).StatusCode);

        _mart.Failure = null;
        app.Time.Advance(TimeSpan.FromSeconds(10));
        await CheckAsync();
        Assert.Equal("healthy", await StatusAsync(client));

        async Task CheckAsync()
        {
            // A check of this very moment would do, were the clock to stand still.
            app.Time.Advance(TimeSpan.FromMilliseconds(1));
            using var asking = new HttpRequestMessage(HttpMethod.Get, "/sales/trends?sale_month=2023-10") { Headers = { { "Cache-Control", "no-cache" } } };
            await client.SendAsync(asking);
        }

        static async Task<string?> StatusAsync(HttpClient client)
        {
            var answer = await client.GetAsync("/health/ready");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks").GetProperty("marts").GetProperty("status").GetString();
        }
    }

    [Fact]
    public async Task Probe_StartedWhileTheUsersCannotBeRead_IsNotReadyUntilTheyCanAndStaysSoAfterwards()
    {
        var isAway = true;
        await using var app = new WebAppFixture
        {
            Services = services =>
            {
                var users = services.Last(service => service.ServiceType == typeof(IUserStore)).ImplementationFactory!;
                services.AddSingleton<IUserStore>(provider => new SometimesAway((IUserStore)users(provider), () => isAway));
            },
        };
        using var client = app.Anonymous();

        await IsAsync(HttpStatusCode.ServiceUnavailable, "unhealthy");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).StatusCode);
        isAway = false;
        await IsAsync(HttpStatusCode.OK, "healthy");
        // Who is known is let in without the store: a silo that has read the users once stays ready.
        isAway = true;
        await IsAsync(HttpStatusCode.OK, "healthy");

        async Task IsAsync(HttpStatusCode code, string status)
        {
            using var ready = await client.GetAsync("/health/ready");
            var users = (await ready.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks").GetProperty("users");
            Assert.Equal((code, status), (ready.StatusCode, users.GetProperty("status").GetString()));
        }
    }

    private sealed class SometimesAway(IUserStore users, Func<bool> isAway) : IUserStore
    {
        private IUserStore Users => isAway() ? throw new StoreException("The store is away.", MartFailure.Transient) : users;

        public Task<User?> FindAsync(string name, CancellationToken cancellationToken) => Users.FindAsync(name, cancellationToken);

        public Task<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken) => Users.ListAsync(cancellationToken);

        public Task<bool> AddAsync(User user, CancellationToken cancellationToken) => Users.AddAsync(user, cancellationToken);

        public Task<bool> UpdateAsync(User user, CancellationToken cancellationToken) => Users.UpdateAsync(user, cancellationToken);
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
