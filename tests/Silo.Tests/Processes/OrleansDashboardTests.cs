using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using TransactionPipeline.Tests.Browser;
using static Microsoft.Playwright.Assertions;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>Orleans' own dashboard at <c>/admin/orleans</c>: off unless it is asked for, for operators only, under a policy of its own.</summary>
public sealed class OrleansDashboardTests : IDisposable
{
    private const string Path = "/admin/orleans/";
    private const string Password = "correct horse battery";
    private static readonly string[] Addresses = ["", "index.min.js", "DashboardCounters", "ClusterStats", "Trace"];

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("orleans-dashboard-");

    public void Dispose() => _state.Delete(recursive: true);

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
            ["state_directory"] = _state.FullName,
        });

        // Each of its addresses is closed to others, its data as its page.
        using var stranger = new HttpClient { BaseAddress = silo.Address };
        await AssertRefusedAsync(stranger, HttpStatusCode.Unauthorized);
        stranger.DefaultRequestHeaders.Authorization = await ViewerAsync(stranger);
        using (var known = await stranger.GetAsync("/sales/trends?sale_month=2023-10")) Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        await AssertRefusedAsync(stranger, HttpStatusCode.Forbidden);
        using (var page = await silo.Client.GetAsync(Path)) Assert.Equal(HttpStatusCode.OK, page.StatusCode);
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

    private static async Task AssertRefusedAsync(HttpClient client, HttpStatusCode code)
    {
        foreach (var address in Addresses)
        {
            using var refused = await client.GetAsync(Path + address);
            Assert.Equal((address, code), (address, refused.StatusCode));
        }
    }

    /// <summary>A token of somebody who may look at sales and no more.</summary>
    private async Task<AuthenticationHeaderValue> ViewerAsync(HttpClient client)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["state_directory"] = _state.FullName };
        var (code, _, error) = await ProgramCommand.RunAsync(ProgramCommand.StartInfo(settings, "users", "add", "vera", "--role", "viewer"), Password);
        Assert.True(code == 0, error);
        using var answer = await client.PostAsync("/token", TestForms.Credentials("vera", Password));
        answer.EnsureSuccessStatusCode();
        return new("Bearer", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString());
    }
}
