using System.Net;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Tests.Dashboard;

/// <summary>What a viewer sees when all is well.</summary>
public sealed class DashboardPageTests : IClassFixture<DashboardFixture>
{
    private readonly DashboardFixture _dashboard;

    public DashboardPageTests(DashboardFixture dashboard)
    {
        _dashboard = dashboard;
        dashboard.Sales.Reset();
    }

    [Fact]
    public async Task Page_SeedData_HasTitleTableAndFigures()
    {
        var page = await _dashboard.OpenAsync("/");

        Assert.Equal("Sales Trends Dashboard", page.Title);
        Assert.Equal("Sales Trends Dashboard", page.TextOf("h1"));
        Assert.Equal("October 2023", page.TextOf(".month h2"));
        Assert.Equal(["7f3036f2", "0092273b", "674f0435"], page.TextsOf("#rows tbody th"));
        Assert.Equal(["0092273b", "2023-10", "1,999.98", "999.99", "1", "2"], page.QuerySelectorAll("#rows tbody tr")[1].TextsOf("th, td"));
        Assert.Equal(["$2,499.83", "3", "$147.05", "3"], page.TextsOf(".figures .number"));
        Assert.Equal(["Total amount", "Transactions", "Average price per piece", "Products"], page.TextsOf(".figures dt"));
        Assert.All(page.QuerySelectorAll("table"), table => Assert.NotNull(table.QuerySelector("caption")));
        Assert.All(page.QuerySelectorAll("th"), cell => Assert.True(cell.HasAttribute("scope")));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/?mart=operational&month=2023-10")]
    [InlineData("/?product_prefix=Halal&month=2023-10-01&min_amount=1")]
    public async Task Page_AnyMart_HasNoProductNameAndNoWholeId(string url)
    {
        var html = await _dashboard.Client.GetStringAsync(url);

        Assert.Contains("0092273b", html, StringComparison.Ordinal);
        foreach (var word in (string[])["Laptop", "Mouse", "Keyboard", "T001", "T002", "T003"]) Assert.DoesNotContain(word, html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(SampleSales.Seed, sale => html.Contains(sale.TransactionId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_PagedRows_CursorsHoldNoName()
    {
        _dashboard.Sales.Rows = _ => FakeSales.Many(200);

        var page = await _dashboard.OpenAsync("/?mart=operational");

        var next = page.QuerySelector(".pages a[rel=next]")!.GetAttribute("href")!;
        // With its month: the newest one may be another when the link is followed.
        Assert.Matches("month=2023-10&cursor=[0-9a-f]{8}-1-[0-9a-f]{16}#rows$", next);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("INV-2023-10-00000000")]
    [InlineData("the same for all")]
    public async Task Pages_OfAMartMadeElsewhere_ShowEachRowOnce(string? id)
    {
        var rows = new MartRowsBuilder();
        for (var i = 0; i < 170; i++)
        {
            var own = id?.Replace("00000000", $"{i:D8}", StringComparison.Ordinal);
            rows.Add(new MartRow(own, $"Halal {i % 3}", FakeSales.October.FirstDay, 1000 + i, 1, 1, 1));
        }
        _dashboard.Sales.Rows = _ => rows.Build();
        var amounts = new List<string>();
        for (var next = "/?mart=operational"; next is not null && amounts.Count < 1000;)
        {
            var page = await _dashboard.OpenAsync(next);
            amounts.AddRange(page.TextsOf("#rows tbody tr")
                .Select(line => line.Split(' ').First(cell => cell.EndsWith(".00", StringComparison.Ordinal))));
            next = page.QuerySelector(".pages a[rel=next]")?.GetAttribute("href");
        }

        Assert.Equal(170, amounts.Count);
        Assert.Equal(170, amounts.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Pages_FollowedToTheEndAndBack_ShowEachRowOnce()
    {
        _dashboard.Sales.Rows = _ => FakeSales.Many(120);
        var forward = new List<string[]>();
        var ranges = new List<string>();
        var url = "/?mart=operational&min_amount=3";
        for (var next = url; next is not null;)
        {
            var page = await _dashboard.OpenAsync(url = next);
            forward.Add(page.TextsOf("#rows tbody tr"));
            ranges.Add(page.TextOf("#rows caption .hint"));
            next = page.QuerySelector(".pages a[rel=next]")?.GetAttribute("href");
        }
        Assert.Equal(["Rows 1 to 50 of 118, ordered by product name", "Rows 51 to 100 of 118, ordered by product name", "Rows 101 to 118 of 118, ordered by product name"], ranges);
        Assert.Equal(118, forward.SelectMany(rows => rows).Distinct(StringComparer.Ordinal).Count());

        var back = new List<string[]>();
        for (var previous = url; previous is not null;)
        {
            var page = await _dashboard.OpenAsync(previous);
            back.Add(page.TextsOf("#rows tbody tr"));
            previous = page.QuerySelector(".pages a[rel=prev]")?.GetAttribute("href");
        }
        Assert.Equal(forward, Enumerable.Reverse(back));
    }

    [Fact]
    public async Task Page_CursorOfARowThatIsGone_ShowsTheFirstPageAndSaysSo()
    {
        var page = await _dashboard.OpenAsync("/?cursor=ffffffff");

        Assert.Equal("This is the first page", page.TextOf(".notice h2"));
        Assert.Equal(3, page.QuerySelectorAll("#rows tbody tr").Length);
    }

    [Fact]
    public async Task Page_Operational_HasDaysAndShortIds()
    {
        var page = await _dashboard.OpenAsync("/?mart=operational");

        var laptop = page.QuerySelectorAll("#rows tbody tr")[1].TextsOf("th, td");
        Assert.Equal(["0092273b", SampleSales.Seed.First().TransactionId[..8], "2023-10-01", "1,999.98", "999.99", "2"], laptop);
    }

    [Theory]
    [InlineData(CacheResult.Hit, "cached answer")]
    [InlineData(CacheResult.Stale, "cached answer, being refreshed")]
    [InlineData(CacheResult.Revalidated, "cached answer, found unchanged just now")]
    [InlineData(CacheResult.Miss, "read from the mart just now")]
    public async Task Page_AnyAge_TellsAgeAndOrigin(CacheResult result, string words)
    {
        _dashboard.Sales.Result = result;

        var page = await _dashboard.OpenAsync("/");

        Assert.Equal($"Checked 12 s ago, data as of 2023-11-15 11:59 UTC, from sqlite, {words}", page.TextOf(".freshness"));
    }

    [Fact]
    public async Task Page_Charts_HaveATextAndATableThatSayTheSame()
    {
        var page = await _dashboard.OpenAsync("/");

        foreach (var chart in page.QuerySelectorAll("svg"))
        {
            Assert.Equal("img", chart.GetAttribute("role"));
            Assert.All(chart.GetAttribute("aria-labelledby")!.Split(' '), id => Assert.NotEmpty(page.GetElementById(id)!.TextContent));
        }
        Assert.Equal(2, page.QuerySelectorAll("svg").Length);
        Assert.Equal(["0092273b", "1,999.98", "80.0 %", "1"], page.QuerySelectorAll("section[aria-labelledby=products-heading] tbody tr")[0].TextsOf("th, td"));
        Assert.Equal(12, page.QuerySelectorAll(".trend tbody tr").Length);
        Assert.Equal("/?month=2023-09", page.QuerySelectorAll(".trend tbody a")[10].GetAttribute("href"));
    }

    [Fact]
    public async Task Page_MoreThanTenProducts_PutsTheOthersTogether()
    {
        _dashboard.Sales.Rows = key =>
        {
            var rows = new Core.Marts.MartRowsBuilder();
            for (var i = 1; i <= 14; i++) rows.Add(new(new string('a', 64), $"Halal {i}", key.Month.FirstDay, i * 100, i, i, i));
            return rows.Build();
        };

        var page = await _dashboard.OpenAsync("/");

        var lines = page.QuerySelectorAll("section[aria-labelledby=products-heading] tbody tr");
        Assert.Equal(11, lines.Length);
        Assert.Equal(["4 other products", "1,000.00", "9.5 %", "10"], lines[10].TextsOf("th, td"));
    }

    [Fact]
    public async Task Page_Html_HasNoScriptNoInlineStyleAndOnlyOwnAssets()
    {
        using var answer = await _dashboard.Client.GetAsync("/");
        var page = await _dashboard.OpenAsync("/");

        Assert.Contains("default-src 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Empty(page.QuerySelectorAll("script, style, [style], [onclick], iframe, base"));
        var assets = page.QuerySelectorAll("link[href], img[src]").Select(element => element.GetAttribute("href") ?? element.GetAttribute("src")!).ToList();
        Assert.NotEmpty(assets);
        foreach (var asset in assets)
        {
            Assert.Matches("^/assets/[a-z.]+\\?v=[0-9a-f]{12}$", asset);
            using var served = await _dashboard.App.Anonymous().GetAsync(asset);
            Assert.Equal(HttpStatusCode.OK, served.StatusCode);
            Assert.Equal("public, max-age=31536000, immutable", string.Join(", ", served.Headers.GetValues("Cache-Control")));
        }
    }

    [Theory]
    [InlineData("/assets/nothing.css")]
    [InlineData("/assets/..%2f..%2fappsettings.json")]
    [InlineData("/assets/%2e%2e%5cProgram.cs")]
    [InlineData("/assets/.hidden.css")]
    public async Task Assets_NotAFileOfTheDirectory_AreNotFound(string url)
    {
        using var answer = await _dashboard.App.Anonymous().GetAsync(url);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Page_Bearer_IsShownWithoutSignOut()
    {
        using var client = await _dashboard.App.ClientAsync("viewer");

        var html = await client.GetStringAsync("/");

        Assert.Contains("0092273b", html, StringComparison.Ordinal);
        Assert.DoesNotContain("/logout", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_NotSignedInOrNoViewer_IsRefused()
    {
        using var anonymous = _dashboard.App.Anonymous();
        using var program = await anonymous.GetAsync("/");
        anonymous.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        using var browser = await anonymous.GetAsync("/?month=2023-10");
        using var ingestor = await _dashboard.App.ClientAsync("ingestor");
        using var forbidden = await ingestor.GetAsync("/");

        Assert.Equal(HttpStatusCode.Unauthorized, program.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, browser.StatusCode);
        Assert.Contains("/login?return_url=%2F%3Fmonth%3D2023-10", browser.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
    }

    [Fact]
    public async Task Page_SignOutForm_SignsOut()
    {
        using var client = await _dashboard.App.BrowserAsync("admin", "password123");

        var fields = await TestForms.FieldsAsync(client, "/");
        using var answer = await client.PostAsync("/logout", TestForms.Of(fields));
        using var after = await client.GetAsync("/");

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, after.StatusCode);
    }

    [Fact]
    public async Task Page_Shown_IsLogged()
    {
        await _dashboard.OpenAsync("/?mart=operational");

        Assert.Contains(_dashboard.App.Logs.Entries, entry => entry.Message == "Dashboard render time: 0.00 seconds");
        Assert.Contains(
            _dashboard.App.Logs.Entries,
            entry => entry.Message == "User admin opened the dashboard: Operational mart, prefix Halal, month 2023-10: 3 rows, Hit");
    }
}
