using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Web.Sales;

namespace TransactionPipeline.Web.Tests.Sales;

public sealed class WarmUpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Start_MartsHaveData_TheNewestMonthIsInMemoryBeforeAnybodyAsks()
    {
        await using var app = new WebAppFixture { Settings = { ["cache:warm_up"] = "true" } };
        using var client = app.Anonymous();

        await ReadyAsync(app);

        var held = app.Provider.GetRequiredService<IKeyOwner>().List().Select(status => status.Key.ToString());
        Assert.Equal(["operational/2023-10/Halal", "warehouse/2023-10/Halal"], held);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/ready")).StatusCode);
    }

    [Fact]
    public async Task Start_MartHangs_IsNotReadyUntilTheLimitIsOver()
    {
        var hanging = new HangingMonths();
        await using var app = new WebAppFixture
        {
            Settings = { ["cache:warm_up"] = "true" },
            Services = services => services.Replace(ServiceDescriptor.Singleton<INewestMonth>(hanging)),
        };
        using var client = app.Anonymous();
        await hanging.Asked.Task.WaitAsync(Patience);

        var answer = await client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        var checks = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks");
        Assert.Equal("the first answers are being read", checks.GetProperty("warm_up").GetProperty("description").GetString());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).StatusCode);

        app.Time.Advance(WarmUp.Limit);
        await ReadyAsync(app);
    }

    [Fact]
    public async Task Stop_MartHangs_DoesNotWaitForIt()
    {
        var hanging = new HangingMonths();
        var app = new WebAppFixture
        {
            Settings = { ["cache:warm_up"] = "true" },
            Services = services => services.Replace(ServiceDescriptor.Singleton<INewestMonth>(hanging)),
        };
        using var client = app.Anonymous();
        await hanging.Asked.Task.WaitAsync(Patience);

        await app.DisposeAsync().WaitAsync(Patience);
    }

    private static Task ReadyAsync(WebAppFixture app) => app.Provider.GetRequiredService<WarmUp>().WhenDone.WaitAsync(Patience);

    private sealed class HangingMonths : INewestMonth
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<Month?> GetAsync(Mart mart, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return null;
        }
    }
}
