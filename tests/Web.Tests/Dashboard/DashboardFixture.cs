using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Web.Tests.Dashboard;

/// <summary>The real app with a cache that a test directs, and a signed-in browser's client.</summary>
public sealed class DashboardFixture : IAsyncLifetime
{
    private HttpClient? _client;

    public DashboardFixture()
    {
        App = new WebAppFixture
        {
            Services = services => services.AddSingleton<IKeyOwner>(_ => Sales!).AddSingleton<INewestMonth>(_ => Sales!),
        };
        Sales = new FakeSales(App.Time);
    }

    public WebAppFixture App { get; }

    public FakeSales Sales { get; }

    public HttpClient Client => _client!;

    public async Task InitializeAsync() => _client = await App.BrowserAsync("admin", "password123");

    /// <summary>The page at <paramref name="url"/>, which must have that status.</summary>
    public async Task<IDocument> OpenAsync(string url, int status = 200)
    {
        using var answer = await Client.GetAsync(url);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        return new HtmlParser().ParseDocument(await answer.Content.ReadAsStringAsync());
    }

    public async Task DisposeAsync()
    {
        _client?.Dispose();
        await App.DisposeAsync();
    }
}

internal static class DocumentReading
{
    /// <summary>The text of the only element that <paramref name="selector"/> names, with single spaces.</summary>
    public static string TextOf(this IParentNode node, string selector) => Clean(Assert.Single(node.QuerySelectorAll(selector)).TextContent);

    /// <summary>The texts of all elements that <paramref name="selector"/> names.</summary>
    public static string[] TextsOf(this IParentNode node, string selector) => [.. node.QuerySelectorAll(selector).Select(element => Clean(element.TextContent))];

    private static string Clean(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
