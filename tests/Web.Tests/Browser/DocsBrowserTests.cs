using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace TransactionPipeline.Web.Tests.Browser;

/// <summary>The API is tried out at <c>/docs</c>, in a real browser.</summary>
public sealed class DocsBrowserTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Docs_Visitor_SignsInAndTriesARoute()
    {
        await using var visitor = await browser.VisitAsync();
        var page = visitor.Page;
        var policy = (await page.GotoAsync("/docs"))!.Headers["content-security-policy"];
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        await Expect(page.GetByText("Monthly totals by product, from the warehouse mart")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Authorize" }).First.ClickAsync();
        var dialog = page.Locator(".modal-ux");
        await dialog.Locator("#oauth_username").FillAsync("admin");
        await dialog.Locator("#oauth_password").FillAsync("password123");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Apply given OAuth2 credentials" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Remove authorization" })).ToBeVisibleAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Close" }).Last.ClickAsync();

        var route = page.Locator("#operations-Sales-GetSalesTrends");
        await route.Locator(".opblock-summary-control").ClickAsync();
        await route.GetByRole(AriaRole.Button, new() { Name = "Try it out" }).ClickAsync();
        await route.GetByRole(AriaRole.Button, new() { Name = "Execute" }).ClickAsync();
        await Expect(route.Locator(".live-responses-table tbody .response-col_status")).ToHaveTextAsync("200");
        await Expect(route.Locator(".live-responses-table")).ToContainTextAsync("Halal Laptop");
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { Length: > 0 } directory)
            await page.ScreenshotAsync(new() { Path = Path.Combine(directory, "docs.png"), FullPage = true });
        Assert.Empty(visitor.Complaints);
    }
}
