using System.Collections.Concurrent;
using Microsoft.Playwright;
using TransactionPipeline.Web.Tests.Dashboard;

namespace TransactionPipeline.Web.Tests.Browser;

/// <summary>The real app on a loopback port with a shop's sales, and a real browser.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly WebAppFixture _app = new() { Settings = { ["ingestion:sample"] = "" } };
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public Uri Address { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Address = _app.Listen();
        await SampleSales.LoadAsync(_app, SampleSales.Shop());
        _playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
        _browser = await Chromium.LaunchAsync(_playwright);
    }

    /// <summary>A visitor with an empty profile.</summary>
    public Task<Visitor> VisitAsync(int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light, bool javaScript = true) =>
        VisitAsync(Address, width, height, scheme, javaScript);

    /// <summary>A visitor of another app.</summary>
    public async Task<Visitor> VisitAsync(Uri address, int width, int height = 900, ColorScheme scheme = ColorScheme.Light, bool javaScript = true)
    {
        var context = await _browser!.NewContextAsync(new()
        {
            BaseURL = address.ToString(),
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = scheme,
            JavaScriptEnabled = javaScript,
            Locale = "en-GB",
        });
        return new Visitor(context, await context.NewPageAsync(), address);
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>One browser window, and what went wrong in it.</summary>
public sealed class Visitor : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();

    public Visitor(IBrowserContext context, IPage page, Uri home)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Enqueue($"console {message.Type}: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Enqueue($"script: {error}");
        page.RequestFailed += (_, request) => _complaints.Enqueue($"failed: {request.Url} {request.Failure}");
        page.Request += (_, request) =>
        {
            if (!home.IsBaseOf(new Uri(request.Url))) _complaints.Enqueue($"request to another host: {request.Url}");
        };
    }

    public IPage Page { get; }

    /// <summary>Console errors, requests that failed and requests to other hosts; empty when all is well.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public async Task SignInAsync()
    {
        await Page.GotoAsync("/");
        await Page.GetByLabel("User name").FillAsync("admin");
        await Page.GetByLabel("Password").FillAsync("password123");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Sales Trends Dashboard" })).ToBeVisibleAsync();
    }

    public ValueTask DisposeAsync() => new(_context.CloseAsync());
}
