using System.Net;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class LoginTests(WebAppFixture app) : IClassFixture<WebAppFixture>
{
    [Fact]
    public async Task Login_GoodCredentials_SetsASafeCookieThatReads()
    {
        using var client = app.Anonymous();

        var answer = await TestForms.LogInAsync(client, "admin", "password123");

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/", answer.Headers.Location?.ToString());
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), value => value.StartsWith("transaction_pipeline=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=strict", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("secure", cookie, StringComparison.Ordinal);
        Assert.Equal("admin", await client.GetStringAsync("/test/viewer"));
    }

    [Fact]
    public async Task Login_OverHttps_CookieIsSecure()
    {
        using var client = app.Anonymous();
        client.BaseAddress = new Uri("https://localhost");

        var answer = await TestForms.LogInAsync(client, "admin", "password123");

        Assert.All(answer.Headers.GetValues("Set-Cookie"), cookie => Assert.Contains("secure", cookie, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Login_WrongPassword_ShowsTheFormAgainWithTheReasonEscaped()
    {
        using var client = app.Anonymous();

        var answer = await TestForms.LogInAsync(client, "<script>\"'", "wrong");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Contains("Incorrect credentials", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Login_Page_HasStrictHeaders()
    {
        using var client = app.Anonymous();

        var answer = await client.GetAsync("/login");

        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("same-origin", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.True(answer.Headers.CacheControl?.NoStore);
    }

    [Fact]
    public async Task Login_WithoutOrWithForeignFormToken_IsRefused()
    {
        using var client = app.Anonymous();
        using var other = app.Anonymous();
        var foreign = await TestForms.FieldsAsync(other, "/login");

        var without = await client.PostAsync("/login", TestForms.Credentials("admin", "password123"));
        var mixed = await client.PostAsync("/login", TestForms.Of([.. foreign, ("username", "admin"), ("password", "password123")]));

        await ProblemAssert.IsAsync(without, HttpStatusCode.BadRequest, "form");
        await ProblemAssert.IsAsync(mixed, HttpStatusCode.BadRequest, "form");
    }

    [Theory]
    [InlineData("/sales?x=1", "/sales?x=1")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("//evil.example/", "/")]
    [InlineData("/\\evil.example/", "/")]
    [InlineData("~/x", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("/\t/evil.example", "/")]
    public async Task Login_ReturnUrl_OnlyLocal(string returnUrl, string expected)
    {
        using var client = app.Anonymous();
        var fields = await TestForms.FieldsAsync(client, "/login");

        var asked = await TestForms.LogInAsync(client, "admin", "password123", returnUrl);
        using var fresh = app.Anonymous();
        fields = await TestForms.FieldsAsync(fresh, "/login");
        var forged = await fresh.PostAsync("/login", TestForms.Of(
            [.. fields.Where(field => field.Name != "return_url"), ("return_url", returnUrl), ("username", "admin"), ("password", "password123")]));

        Assert.Equal(expected, asked.Headers.Location?.ToString());
        Assert.Equal(expected, forged.Headers.Location?.ToString());
    }

    [Fact]
    public async Task Page_NotSignedIn_RedirectsBrowsersAndRefusesPrograms()
    {
        using var browser = app.Anonymous();
        browser.DefaultRequestHeaders.Accept.ParseAdd("text/html,*/*;q=0.8");
        using var program = app.Anonymous();

        var redirect = await browser.GetAsync("/test/viewer?month=2023-10");
        var refusal = await program.GetAsync("/test/viewer");

        Assert.Equal(HttpStatusCode.Redirect, redirect.StatusCode);
        Assert.EndsWith("/login?return_url=%2Ftest%2Fviewer%3Fmonth%3D2023-10", redirect.Headers.Location?.ToString(), StringComparison.Ordinal);
        await ProblemAssert.IsAsync(refusal, HttpStatusCode.Unauthorized, "Sign in");
        Assert.Equal("Bearer", refusal.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task Cookie_OnWhatChangesSomething_DoesNotCount()
    {
        using var browser = await app.BrowserAsync("admin", "password123");

        Assert.Equal("admin", await browser.GetStringAsync("/test/ingestor"));
        await ProblemAssert.IsAsync(await browser.PostAsync("/test/ingestor", null), HttpStatusCode.Unauthorized, "token");
        await ProblemAssert.IsAsync(await browser.DeleteAsync("/test/operator"), HttpStatusCode.Unauthorized, "token");
    }

    [Fact]
    public async Task Cookie_MissingRole_Answers403NamingIt()
    {
        using var browser = await app.BrowserAsync(await app.UserAsync(Roles.Viewer), WebAppFixture.Password);

        await ProblemAssert.IsAsync(await browser.GetAsync("/test/operator"), HttpStatusCode.Forbidden, "the role operator");
    }

    [Fact]
    public async Task Cookie_UserDisabled_IsSignedOut()
    {
        var name = await app.UserAsync(Roles.Viewer, Roles.Ingestor);
        using var browser = await app.BrowserAsync(name, WebAppFixture.Password);
        Assert.Equal(name, await browser.GetStringAsync("/test/viewer"));

        await app.Provider.GetRequiredService<UserAdministration>().SetDisabledAsync(name, disabled: true, CancellationToken.None);
        app.Time.Advance(UserSessions.Memory);

        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/test/viewer")).StatusCode);
    }

    [Fact]
    public async Task Cookie_ThirtyMinutesUnused_Ends()
    {
        await using var own = new WebAppFixture();
        using var browser = await own.BrowserAsync("admin", "password123");

        own.Time.Advance(TimeSpan.FromMinutes(29));
        Assert.Equal("admin", await browser.GetStringAsync("/test/viewer"));
        own.Time.Advance(TimeSpan.FromMinutes(31));

        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/test/viewer")).StatusCode);
    }

    [Fact]
    public async Task Logout_WithFormToken_EndsTheCookie()
    {
        using var browser = await app.BrowserAsync("admin", "password123");

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync("/logout", null)).StatusCode);
        Assert.Equal("admin", await browser.GetStringAsync("/test/viewer"));

        var fields = await TestForms.FieldsAsync(browser, "/login");
        var answer = await browser.PostAsync("/logout", TestForms.Of(fields));

        Assert.Equal("/login", answer.Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/test/viewer")).StatusCode);
        Assert.Contains(app.Logs.Entries, log => log.Message == "User admin logged out");
    }
}
