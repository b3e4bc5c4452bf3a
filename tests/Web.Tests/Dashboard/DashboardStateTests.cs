using System.Net;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Tests.Dashboard;

/// <summary>What a viewer sees when something is missing or wrong: always a page, always in words.</summary>
public sealed class DashboardStateTests : IClassFixture<DashboardFixture>
{
    private readonly DashboardFixture _dashboard;
    private readonly FakeSales _sales;

    public DashboardStateTests(DashboardFixture dashboard)
    {
        _dashboard = dashboard;
        _sales = dashboard.Sales;
        _sales.Reset();
    }

    [Theory]
    [InlineData("month=2023-13", "month", "Must be a month that exists, written YYYY-MM, such as 2023-10. Given: “2023-13”.")]
    [InlineData("product_prefix=Halal%3Cb%3E", "product_prefix", "Must be letters and digits, with single spaces inside, at most 64 characters.")]
    [InlineData("mart=lake", "mart", "Must be warehouse or operational.")]
    [InlineData("min_amount=much", "min_amount", "Must be a number from 0 up, such as 100 or 24.99.")]
    [InlineData("max_quantity=-1", "max_quantity", "Must be a whole number from 0 up.")]
    [InlineData("min_avg_price=9&max_avg_price=1", "min_avg_price", "Must not be above max_avg_price.")]
    public async Task Filter_CannotBeUsed_SaysWhyBesideTheFieldAndAsksNothing(string query, string field, string message)
    {
        var page = await _dashboard.OpenAsync("/?" + query, 422);

        Assert.Equal(message, page.TextOf($"#{field}-error"));
        Assert.NotNull(page.QuerySelector($"[aria-describedby={field}-error]"));
        Assert.Equal("A filter cannot be used", page.TextOf(".notice.error h2"));
        Assert.Empty(page.QuerySelectorAll("#rows, svg"));
        Assert.Equal(0, _sales.Asked);
    }

    [Fact]
    public async Task Filter_WithMarkup_ComesBackAsText()
    {
        const string Typed = "\"><script>alert(1)</script>";

        var page = await _dashboard.OpenAsync($"/?product_prefix={Uri.EscapeDataString(Typed)}&min_amount={Uri.EscapeDataString(Typed)}", 422);

        Assert.Empty(page.QuerySelectorAll("script"));
        Assert.Equal(Typed, page.QuerySelector("#product_prefix")!.GetAttribute("value"));
        Assert.True(page.QuerySelector("form details")!.HasAttribute("open"));
    }

    [Fact]
    public async Task Filter_FieldsLeftEmpty_CountAsNotGiven()
    {
        var page = await _dashboard.OpenAsync("/?mart=warehouse&product_prefix=&month=&min_amount=&max_quantity=&min_avg_price=&max_avg_price=");

        Assert.Equal(3, page.QuerySelectorAll("#rows tbody tr").Length);
        Assert.Equal("2023-10", page.QuerySelector("#month")!.GetAttribute("value"));
    }

    [Fact]
    public async Task Filter_LimitsThatNothingPasses_OffersToRemoveThem()
    {
        var page = await _dashboard.OpenAsync("/?month=2023-10&min_amount=99999");

        Assert.Equal("No sales pass the filters", page.TextOf(".notice.info h2"));
        Assert.Equal("/?month=2023-10", page.QuerySelector(".notice a")!.GetAttribute("href"));
    }

    [Fact]
    public async Task Filter_QuantityInAMartWithoutQuantities_IsRefusedByName()
    {
        _sales.Rows = _ =>
        {
            var rows = new MartRowsBuilder();
            rows.Add(new MartRow(null, "Halal Laptop", FakeSales.October.FirstDay, 10, 5, 2, null));
            return rows.Build();
        };

        var refused = await _dashboard.OpenAsync("/?max_quantity=3", 422);
        var shown = await _dashboard.OpenAsync("/");

        Assert.Equal("Cannot be used: this mart does not know the number of pieces.", refused.TextOf("#max_quantity-error"));
        Assert.Equal(["Total amount", "Transactions", "Average amount per transaction", "Products"], shown.TextsOf(".figures dt"));
        Assert.DoesNotContain("Pieces", shown.TextsOf("#rows thead th"));
    }

    [Fact]
    public async Task Mart_Empty_SaysHowDataGetsIn()
    {
        _sales.Newest = null;

        var page = await _dashboard.OpenAsync("/");

        Assert.Equal("The warehouse mart is empty", page.TextOf(".notice.info h2"));
        Assert.Contains("POST /upload/transactions", page.TextOf(".notice p"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mart_NoRowsForPrefix_SaysSoAndOffersWaysOut()
    {
        var page = await _dashboard.OpenAsync("/?product_prefix=Lamp&month=2023-08&min_amount=1");

        Assert.Equal("No sales in August 2023", page.TextOf(".notice.info h2"));
        Assert.Contains("no product beginning with “Lamp”", page.TextOf(".notice p:not(.links)"), StringComparison.Ordinal);
        Assert.Equal(["/?product_prefix=Lamp&min_amount=1", "/?month=2023-08"], page.QuerySelectorAll(".notice a").Select(link => link.GetAttribute("href")!));
        Assert.Empty(page.QuerySelectorAll("#rows"));
    }

    [Fact]
    public async Task Mart_FailsWithALastGoodAnswer_ShowsItMarkedStale()
    {
        _sales.Result = CacheResult.StaleOnError;
        _sales.Error = "the mart did not answer in time.";
        _sales.Age = TimeSpan.FromMinutes(95);

        var page = await _dashboard.OpenAsync("/");

        Assert.Equal("alert", page.QuerySelector(".notice.stale")!.GetAttribute("role"));
        Assert.Equal(
            "The warehouse mart fails at the moment (the mart did not answer in time). This is the last good answer, checked 1 h ago.",
            page.TextOf(".notice.stale p:not(.links)"));
        Assert.EndsWith("last good answer", page.TextOf(".freshness.stale"), StringComparison.Ordinal);
        Assert.Contains("12 months shown from the last good answer", page.TextOf(".trend > .hint"), StringComparison.Ordinal);
        Assert.Equal(3, page.QuerySelectorAll("#rows tbody tr").Length);
    }

    [Fact]
    public async Task Mart_FailsWithNothingCached_IsAPageWith500()
    {
        _sales.Failure = _ => new MartException("the mart could not be asked");

        var page = await _dashboard.OpenAsync("/?month=2023-10&product_prefix=Halal+L", 500);

        Assert.Equal("The warehouse mart could not answer", page.TextOf(".notice.error h2"));
        Assert.StartsWith("Query error: the mart could not be asked.", page.TextOf(".notice p:not(.links)"), StringComparison.Ordinal);
        Assert.Equal("/?product_prefix=Halal%20L&month=2023-10", page.QuerySelector(".notice a")!.GetAttribute("href"));
        Assert.NotNull(page.QuerySelector("form.filters"));
    }

    [Fact]
    public async Task Mart_BreakerOrBudget_IsAPageWith503AndRetryAfter()
    {
        _sales.Failure = _ => new MartException("The byte budget of today is spent.", MartFailure.Unavailable) { RetryAfter = TimeSpan.FromMinutes(30) };

        using var answer = await _dashboard.Client.GetAsync("/");
        var page = await _dashboard.OpenAsync("/", 503);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromMinutes(30), answer.Headers.RetryAfter?.Delta);
        Assert.Equal("The byte budget of today is spent. It will be asked again in about 30 min.", page.TextOf(".notice p:not(.links)"));
    }

    [Fact]
    public async Task Mart_FailsForEarlierMonthsOnly_StillShowsTheMonth()
    {
        _sales.Failure = key => key.Month == FakeSales.October ? null : new MartException("the mart is busy.");

        var page = await _dashboard.OpenAsync("/");

        Assert.Equal(3, page.QuerySelectorAll("#rows tbody tr").Length);
        Assert.Equal("The earlier months could not be read: the mart is busy.", page.TextOf(".trend > .hint"));
    }

    [Theory]
    [InlineData("0001-01")]
    [InlineData("0001-07")]
    [InlineData("9999-12")]
    public async Task Month_AtTheEdgesOfTime_IsAPage(string month)
    {
        var page = await _dashboard.OpenAsync("/?month=" + month);

        Assert.StartsWith("No sales in", page.TextOf(".notice h2"), StringComparison.Ordinal);
    }
}
