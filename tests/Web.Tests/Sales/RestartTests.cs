using System.Net;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Tests.Sales;

/// <summary>The app is started again while its marts fail: what it knew before goes on, also for those who name no month.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task Start_MartsFail_TheNewestMonthsLastGoodAnswersAreServedAndMarked()
    {
        await using var before = new WebAppFixture();
        using (var client = await before.AdminAsync())
        {
            foreach (var address in (string[])["/sales/trends", "/sales/pg-trends", "/"])
                Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(address)).StatusCode);
        }
        var mart = new SwitchableMart { Failure = new MartException("the mart is away", MartFailure.Transient) };
        await using var after = new WebAppFixture
        {
            Services = mart.Install,
            Settings = { ["state_directory"] = before.StateDirectory, ["ingestion:sample"] = "" },
        };
        after.Time.Advance(TimeSpan.FromHours(2));
        using var again = await after.AdminAsync();

        (string, string)[] kept = [("/sales/trends", "Halal Laptop"), ("/sales/pg-trends", "Halal Laptop"), ("/sales/monthly", "2499.83")];
        foreach (var (address, row) in kept)
        {
            var answer = await again.GetAsync(address);
            Assert.Equal((address, HttpStatusCode.OK), (address, answer.StatusCode));
            Assert.Contains(row, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.EndsWith("detail=stale-if-error", answer.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
        }
        var page = await again.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("These figures may be out of date", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        // Health does not call that well.
        Assert.Contains("the mart is away", await again.GetStringAsync("/health/ready"), StringComparison.Ordinal);
    }
}
