using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Tests.Dashboard;

/// <summary>What goes wrong on a page is told in words, with a way out.</summary>
public sealed class ProblemPageTests(DashboardFixture dashboard) : IClassFixture<DashboardFixture>
{
    [Fact]
    public async Task Dashboard_UserWhoMayNotSeeIt_ReadsWhyAndCanSignOut()
    {
        using var browser = await dashboard.App.BrowserAsync(await dashboard.App.UserAsync(Roles.Ingestor), WebAppFixture.Password);

        var page = await PageAsync(await browser.GetAsync("/"), HttpStatusCode.Forbidden);
        Assert.Equal("This page is not for your user", page.TextOf("h1"));
        Assert.Equal("This needs the role viewer, which your user does not have.", page.TextOf(".words"));
        Assert.Equal("Signed in as ingestor", page.TextOf(".session p"));
        Assert.Equal("/login", page.QuerySelector(".links a")!.GetAttribute("href"));

        var field = page.QuerySelector("form[action='/logout'] input")!;
        var left = await browser.PostAsync("/logout", TestForms.Of((field.GetAttribute("name")!, field.GetAttribute("value"))));
        Assert.Equal("/login", left.Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData("/login")]
    [InlineData("/logout")]
    public async Task Form_TooOld_ReadsSoAndLeadsBack(string address)
    {
        using var browser = await dashboard.App.BrowserAsync("admin", "password123");

        var page = await PageAsync(await browser.PostAsync(address, TestForms.Credentials("admin", "password123")), HttpStatusCode.BadRequest);

        Assert.Equal("The form was not accepted", page.TextOf("h1"));
        Assert.StartsWith("The form is too old or comes from elsewhere", page.TextOf(".words"), StringComparison.Ordinal);
        Assert.Equal(["/login", "/"], page.QuerySelectorAll(".links a").Select(link => link.GetAttribute("href")));
        Assert.NotNull(page.QuerySelector("form[action='/logout']"));
    }

    [Fact]
    public async Task Dashboard_UnexpectedFailure_IsAPageThatTellsNothing()
    {
        dashboard.Sales.Rows = _ => throw new InvalidOperationException(TestEndpoints.Secret);

        var page = await PageAsync(await dashboard.Client.GetAsync("/"), HttpStatusCode.InternalServerError);
        dashboard.Sales.Reset();

        Assert.Equal("The page cannot be shown at the moment", page.TextOf("h1"));
        Assert.StartsWith("The server made an error", page.TextOf(".words"), StringComparison.Ordinal);
        Assert.DoesNotContain("db.internal", page.Source.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_Program_GetsAProblem()
    {
        using var program = await dashboard.App.ClientAsync(Roles.Ingestor);

        await ProblemAssert.IsAsync(await program.GetAsync("/"), HttpStatusCode.Forbidden, "viewer");
    }

    private static async Task<IDocument> PageAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        Assert.Equal((status, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        return new HtmlParser().ParseDocument(await answer.Content.ReadAsStringAsync());
    }
}
