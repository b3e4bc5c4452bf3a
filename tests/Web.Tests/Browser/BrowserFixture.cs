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
