using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace TransactionPipeline.Tests.Browser;

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
