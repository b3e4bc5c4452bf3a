using Microsoft.Playwright;

namespace TransactionPipeline.Web.Tests.Browser;

/// <summary>Pictures to look at: written to the directory that SCREENSHOTS names. Without it only the pages' loading is checked.</summary>
public sealed class ScreenshotTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private static readonly (string Name, string Url)[] Pages =
    [
        ("month", "/"),
        ("operational", "/?mart=operational&month=2023-10"),
        ("nothing", "/?product_prefix=Halal+Nothing&month=2023-10"),
        ("limits", "/?month=2023-10&min_amount=3000&max_avg_price=800"),
        ("invalid", "/?month=2023-13&product_prefix=Halal--&min_amount=much"),
    ];

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Pages_AnyWidthAndScheme_LoadWithoutComplaintOrSidewaysScrolling(int width, ColorScheme scheme)
    {
        await using var visitor = await browser.VisitAsync(width, 900, scheme);
        await visitor.Page.GotoAsync("/login");
        await PictureAsync("login");
        await visitor.SignInAsync();
        foreach (var (name, url) in Pages)
        {
            await visitor.Page.GotoAsync(url);
            Assert.True(await visitor.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), $"{name} scrolls sideways.");
            await PictureAsync(name);
        }
        // A page that answers 422 is itself what Chromium calls a failed resource, and it says that 2023-13 is no month.
        Assert.DoesNotContain(visitor.Complaints, complaint => !complaint.Contains("422", StringComparison.Ordinal) && !complaint.Contains("2023-13", StringComparison.Ordinal));

        async Task PictureAsync(string name)
        {
            if (Environment.GetEnvironmentVariable("SCREENSHOTS") is not { Length: > 0 } directory) return;
            var scale = scheme == ColorScheme.Dark ? "dark" : "light";
            await visitor.Page.ScreenshotAsync(new() { Path = Path.Combine(directory, $"{name}-{width}-{scale}.png"), FullPage = true });
        }
    }
}
