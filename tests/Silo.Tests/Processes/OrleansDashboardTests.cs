using System.Net;
using Microsoft.Playwright;
using TransactionPipeline.Tests.Browser;
using static Microsoft.Playwright.Assertions;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>Orleans' own dashboard at <c>/admin/orleans</c>: off unless it is asked for, for operators only, under a policy of its own.</summary>
public sealed class OrleansDashboardTests
{
    private const string Path = "/admin/orleans/";

    [Fact]
    public async Task Dashboard_NotAskedFor_IsNotThere()
    {
        await using var silo = await ProgramProcess.ServeAsync();

        using var answer = await silo.Client.GetAsync(Path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Dashboard_AskedFor_IsForOperatorsInABrowserAndTellsNoLogs()
    {
        await using var silo = await ProgramProcess.ServeAsync(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["cluster__dashboard"] = "true",
        });

        // Each of its addresses is closed to others, its data as its page.
        using var stranger = new HttpClient { BaseAddress = silo.Address };
        foreach (var address in (string[])["", "index.min.js", "DashboardCounters", "ClusterStats", "Trace"])
        {
            using var refused = await stranger.GetAsync(Path + address);
            Assert.Equal((address, HttpStatusCode.Unauthorized), (address, refused.StatusCode));
        }
        using (var trace = await silo.Client.GetAsync(Path + "Trace")) Assert.Equal(HttpStatusCode.Forbidden, trace.StatusCode);
        // Other pages keep the stricter policy.
        using (var home = await silo.Client.GetAsync("/login"))
            Assert.DoesNotContain("unsafe-inline", Assert.Single(home.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        var context = await browser.NewContextAsync(new() { BaseURL = silo.Address.ToString() });
        await using var visitor = new Visitor(context, await context.NewPageAsync(), silo.Address);
        await visitor.SignInAsync();
        await visitor.Page.GotoAsync(Path);

        await Expect(visitor.Page.GetByRole(AriaRole.Link, new() { Name = "MartWatcherGrain" }).First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { Length: > 0 } directory)
            await visitor.Page.ScreenshotAsync(new() { Path = System.IO.Path.Combine(directory, "orleans.png") });
        Assert.Empty(visitor.Complaints);
    }
}
