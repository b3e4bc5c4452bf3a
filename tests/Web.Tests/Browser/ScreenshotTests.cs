using Microsoft.Playwright;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Tests.Dashboard;

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
        await LookAsync(visitor, "login", "/login", width, scheme);
        await visitor.SignInAsync();
        foreach (var (name, url) in Pages) await LookAsync(visitor, name, url, width, scheme);
        // A page that answers 422 is itself what Chromium calls a failed resource, and it says that 2023-13 is no month.
        Assert.DoesNotContain(visitor.Complaints, complaint => !complaint.Contains("422", StringComparison.Ordinal) && !complaint.Contains("2023-13", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task States_AnyWidthAndScheme_ShowWithoutSidewaysScrolling(int width, ColorScheme scheme)
    {
        await using (var sample = new WebAppFixture())
        {
            await using var visitor = await VisitAsync(sample);
            await LookAsync(visitor, "sample", "/", width, scheme);
            await LookAsync(visitor, "sample-operational", "/?mart=operational", width, scheme);
        }
        await using (var empty = new WebAppFixture { Settings = { ["ingestion:sample"] = "" } })
        {
            await using var visitor = await VisitAsync(empty);
            await LookAsync(visitor, "empty", "/", width, scheme);
        }
        await using (var many = new WebAppFixture { Settings = { ["ingestion:sample"] = "" } })
        {
            await using var visitor = await VisitAsync(many);
            await SampleSales.LoadAsync(many, SampleSales.ManyProducts());
            await LookAsync(visitor, "many", "/", width, scheme);
            await LookAsync(visitor, "many-operational", "/?mart=operational", width, scheme);
        }
        var mart = new SwitchableMart();
        await using (var failing = new WebAppFixture { Services = mart.Install })
        {
            await using var visitor = await VisitAsync(failing);
            await visitor.Page.GotoAsync("/");
            mart.Failure = new MartException("the mart did not answer in time", MartFailure.Transient);
            failing.Time.Advance(TimeSpan.FromMinutes(20));
            await LookAsync(visitor, "stale", "/", width, scheme);
            await LookAsync(visitor, "failed", "/?product_prefix=Other", width, scheme);
            await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
            await SignInAsync(visitor, await failing.UserAsync(Roles.Ingestor), WebAppFixture.Password);
            await LookAsync(visitor, "forbidden", "/", width, scheme);
        }

        async Task<Visitor> VisitAsync(WebAppFixture app)
        {
            var visitor = await browser.VisitAsync(app.Listen(), width, scheme: scheme);
            await SignInAsync(visitor, "admin", "password123");
            return visitor;
        }
    }

    private static async Task SignInAsync(Visitor visitor, string name, string password)
    {
        await visitor.Page.GotoAsync("/login");
        await visitor.Page.GetByLabel("User name").FillAsync(name);
        await visitor.Page.GetByLabel("Password").FillAsync(password);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" })).ToBeVisibleAsync();
    }

    private static async Task LookAsync(Visitor visitor, string name, string url, int width, ColorScheme scheme)
    {
        await visitor.Page.GotoAsync(url);
        Assert.True(await visitor.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), $"{name} scrolls sideways.");
        Assert.Empty(await visitor.Page.EvaluateAsync<string[]>(BrokenOrTouching));
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is not { Length: > 0 } directory) return;
        var shade = scheme == ColorScheme.Dark ? "dark" : "light";
        await visitor.Page.ScreenshotAsync(new() { Path = Path.Combine(directory, $"{name}-{width}-{shade}.png"), FullPage = true });
        // The README's picture: down to the charts.
        if ((name, width, scheme) is ("month", 1280, ColorScheme.Light))
            await visitor.Page.ScreenshotAsync(new() { Path = Path.Combine(directory, "dashboard.png"), Clip = new() { Width = 1280, Height = 1330 }, FullPage = true });
    }

    // A number or a name that goes on in a second line, and labels of an axis that run into each other.
    private const string BrokenOrTouching = """
        (() => {
          const bad = [...document.querySelectorAll('.figures .number, .session p')]
            .filter(e => e.getBoundingClientRect().height > 1.9 * parseFloat(getComputedStyle(e).fontSize)).map(e => `in two lines: ${e.textContent}`);
          const labels = [...document.querySelectorAll('.chart .name')].map(e => e.getBoundingClientRect()).filter(r => r.width > 0);
          for (let i = 1; i < labels.length; i++) if (labels[i].left - labels[i - 1].right < 2) bad.push(`label ${i} touches the one before`);
          return bad;
        })()
        """;
}
