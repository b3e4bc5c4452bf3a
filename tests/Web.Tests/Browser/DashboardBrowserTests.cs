using System.Text.RegularExpressions;
using Microsoft.Playwright;
using TransactionPipeline.Web.Tests.Dashboard;
using static Microsoft.Playwright.Assertions;

namespace TransactionPipeline.Web.Tests.Browser;

/// <summary>A person at a real browser, with the real app behind it.</summary>
public sealed partial class DashboardBrowserTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Viewer_SignsInFiltersPagesAndSignsOut()
    {
        await using var visitor = await browser.VisitAsync();
        var page = visitor.Page;

        await page.GotoAsync("/?month=2023-09");
        await Expect(page).ToHaveTitleAsync("Sign in – Sales Trends Dashboard");
        await page.GetByLabel("User name").FillAsync("admin");
        await page.GetByLabel("Password").FillAsync("password123");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "September 2023", Exact = true })).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Radio, new() { Name = "Operational" }).CheckAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Month" }).FillAsync("2023-10");
        await page.GetByLabel("Product begins with").FillAsync("Halal M");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("mart=operational&product_prefix=Halal\\+M&month=2023-10", RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Operational" })).ToBeCheckedAsync();
        await Expect(page.Locator("#rows tbody tr")).ToHaveCountAsync(50);
        var first = await page.Locator("#rows tbody tr").AllInnerTextsAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Next page" }).ClickAsync();
        await Expect(page.Locator("#rows caption")).ToContainTextAsync("Rows 51 to");
        Assert.Empty(first.Intersect(await page.Locator("#rows tbody tr").AllInnerTextsAsync(), StringComparer.Ordinal));
        await page.GetByRole(AriaRole.Link, new() { Name = "Previous page" }).ClickAsync();
        await Expect(page.Locator("#rows caption")).ToContainTextAsync("Rows 1 to 50");
        await page.GoBackAsync();
        await Expect(page.Locator("#rows caption")).ToContainTextAsync("Rows 51 to");

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await page.GotoAsync("/");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Viewer_ReadsTheTable_FindsMasksAndNoNames()
    {
        await using var visitor = await browser.VisitAsync();
        await visitor.SignInAsync();

        foreach (var url in (string[])["/?month=2023-10", "/?month=2023-10&mart=operational"])
        {
            await visitor.Page.GotoAsync(url);
            foreach (var product in await visitor.Page.Locator("#rows tbody th").AllInnerTextsAsync()) Assert.Matches(Masks(), product);
            var html = await visitor.Page.ContentAsync();
            Assert.Contains("0092273b", html, StringComparison.Ordinal);
            Assert.DoesNotContain(SampleSales.Products, product => html.Contains(product, StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotMatch("[0-9a-f]{64}", html);
        }
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Viewer_WithTheKeyboardAlone_ReachesAndUsesEverything()
    {
        await using var visitor = await browser.VisitAsync();
        var page = visitor.Page;
        await page.GotoAsync("/login");
        // The field takes the focus with the first painting, which may come after the page's load.
        await Expect(page.GetByLabel("User name")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("admin");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("password123");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#rows")).ToBeVisibleAsync();
        await page.WaitForLoadStateAsync();

        var walk = new List<string>();
        for (var i = 0; ; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<bool>("document.activeElement === document.body")) break;
            Assert.True(i < 30, $"The walk does not end: {string.Join(" > ", walk)}.");
            Assert.True(await page.EvaluateAsync<bool>(HasVisibleFocus), $"No focus is to be seen at stop {i}, after {string.Join(" > ", walk)}.");
            var stop = await page.EvaluateAsync<string>(NameOfFocus);
            if (walk.Count == 0 || walk[^1] != stop) walk.Add(stop);
        }
        Assert.Equal(
            ["Skip to content", "Transaction Pipeline", "Sign out", "mart", "product_prefix", "month", "Show", "Reset", "Limits on amount, pieces and price",
                "← September 2023", "November 2023 →", "The same as a table", "The same as a table, with links to the months"],
            walk.Take(13));
        Assert.StartsWith("Products in October 2023", Assert.Single(walk.Skip(13)), StringComparison.Ordinal);

        await page.GotoAsync("/?month=2023-10");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#main")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("mart=operational", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Viewer_WithoutJavaScript_MissesNothing()
    {
        await using var visitor = await browser.VisitAsync(javaScript: false);
        await visitor.SignInAsync();

        await visitor.Page.GetByText("Limits on amount, pieces and price").ClickAsync();
        await visitor.Page.GetByLabel("Total amount from ($)").FillAsync("5000");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();

        await Expect(visitor.Page.Locator("#rows tbody tr")).ToHaveCountAsync(6);
        await Expect(visitor.Page.Locator("svg")).ToHaveCountAsync(2);
        Assert.Empty(visitor.Complaints);
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Pages_EveryText_HasEnoughContrast(ColorScheme scheme)
    {
        await using var visitor = await browser.VisitAsync(scheme: scheme);
        await visitor.SignInAsync();
        foreach (var url in (string[])["/", "/?mart=operational", "/?month=2023-13&min_amount=x", "/?product_prefix=None"])
        {
            await visitor.Page.GotoAsync(url);
            Assert.Empty(await visitor.Page.EvaluateAsync<string[]>(TextsWithLittleContrast));
        }
    }

    private const string NameOfFocus = """
        (() => { const e = document.activeElement; return (e.getAttribute('name') || e.textContent || e.tagName).trim().replace(/\s+/g, ' '); })()
        """;

    private const string HasVisibleFocus = """
        (() => {
          const e = document.activeElement;
          if (e === document.body || e.getClientRects().length === 0) return false;
          const outlined = x => x && getComputedStyle(x).outlineStyle !== 'none' && parseFloat(getComputedStyle(x).outlineWidth) >= 1;
          return outlined(e) || outlined(e.nextElementSibling);
        })()
        """;

    // WCAG 2.2, 1.4.3: 4.5 to 1, for large text 3 to 1. Grounds here are plain colours, so the nearest one that is not transparent counts.
    private const string TextsWithLittleContrast = """
        (() => {
          const rgb = c => c.match(/[\d.]+/g).map(Number);
          const light = c => { const [r, g, b] = rgb(c).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
          const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] !== 0) return c; } return 'rgb(255,255,255)'; };
          const poor = [];
          for (const e of document.body.querySelectorAll('*')) {
            if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length || e.closest('title, desc')) continue;
            const s = getComputedStyle(e), color = e.closest('svg') ? s.fill : s.color;
            const [a, b] = [light(color), light(ground(e))].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
            const large = parseFloat(s.fontSize) >= 24 || (parseFloat(s.fontSize) >= 18.66 && s.fontWeight >= 700);
            if (ratio < (large ? 3 : 4.5)) poor.push(`${e.textContent.trim()}: ${ratio.toFixed(2)}`);
          }
          return poor;
        })()
        """;

    [GeneratedRegex("^[0-9a-f]{8}$", RegexOptions.None, 1000)]
    private static partial Regex Masks();
}
