using Microsoft.Extensions.Logging;
using TransactionPipeline.Web.Dashboard;

namespace TransactionPipeline.Web.Tests.Dashboard;

public sealed class TemplateStoreTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("templates-");
    private readonly CapturedLogs _logs = new();
    private readonly LoggerFactory _loggers = new();
    private readonly TemplateStore _store;
    private DateTime _written = new(2023, 10, 1, 0, 0, 0, DateTimeKind.Utc);

    public TemplateStoreTests()
    {
        _loggers.AddProvider(_logs);
        Directory.CreateDirectory(PathOf("shipped"));
        Directory.CreateDirectory(PathOf("own"));
        Write("shipped/page.hbs", "shipped {{name}}{{> part}}");
        Write("shipped/part.hbs", ".");
        _store = new TemplateStore(PathOf("shipped"), PathOf("own"), new AssetStore(PathOf("shipped")), _loggers.CreateLogger<TemplateStore>());
    }

    [Fact]
    public void Render_ShippedTemplate_Escapes() => Assert.Equal("shipped &lt;b&gt;.", Render("<b>"));

    [Theory]
    [InlineData("  {{> part}}")]
    [InlineData("x\n\t{{>part}}\ny")]
    [InlineData("{{#if name}}\r\n  {{~> part}}\r\n{{/if}}")]
    [InlineData("  {{ > part }}\n")]
    [InlineData("  {{#> part}}\n{{/part}}")]
    [InlineData("{{#> part}}\n  {{> inner}}\n{{/part}}")]
    [InlineData("\u00a0{{> part}}")]
    [InlineData("{{! a remark }}  {{> part}}")]
    public void Render_IndentedPartial_Escapes(string page)
    {
        Write("own/page.hbs", page);
        Write("own/part.hbs", "{{name}}\n  {{#if @partial-block}}{{> @partial-block}}{{/if}}");
        Write("own/inner.hbs", "\n  {{name}}\n");

        var html = Render("<b>");

        Assert.Contains("&lt;b&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_TemplateReplacedAndRemoved_FollowsTheFiles()
    {
        Assert.Equal("shipped x.", Render("x"));
        Write("own/part.hbs", "!");
        Assert.Equal("shipped x!", Render("x"));
        Write("own/page.hbs", "own {{name}}");
        Assert.Equal("own x", Render("x"));
        File.Delete(PathOf("own/page.hbs"));
        Assert.Equal("shipped x!", Render("x"));
    }

    [Fact]
    public void Render_TemplateThatDoesNotCompile_KeepsTheLastGoodOneAndSaysSoOnce()
    {
        Write("own/page.hbs", "own {{name}}");
        Assert.Equal("own x", Render("x"));
        Write("own/page.hbs", "own {{#if name}}");

        Assert.Equal("own x", Render("x"));
        Assert.Equal("own y", Render("y"));

        var logged = Assert.Single(_logs.Entries, entry => entry.Level == LogLevel.Error);
        Assert.Contains("page.hbs", logged.Message, StringComparison.Ordinal);
        Write("own/page.hbs", "mended {{name}}");
        Assert.Equal("mended x", Render("x"));
    }

    [Fact]
    public void Render_TemplateThatFailsWhenRendered_FallsBackToTheOneBefore()
    {
        Write("own/page.hbs", "own {{name}}");
        Assert.Equal("own x", Render("x"));
        Write("own/page.hbs", "{{> nothing}}");

        Assert.Equal("own x", Render("x"));
        Assert.Equal("own y", Render("y"));
        Assert.Single(_logs.Entries, entry => entry.Level == LogLevel.Error);
    }

    [Theory]
    [InlineData("{{#if name}}")]
    [InlineData("{{> nothing}}")]
    public void Render_BrokenFromTheStart_UsesTheShippedOnes(string broken)
    {
        Write("own/page.hbs", broken);

        Assert.Equal("shipped x.", Render("x"));
        Assert.Equal("shipped x.", Render("x"));
    }

    [Fact]
    public void Render_LinkedFileSwapped_IsNoticed()
    {
        // As a mounted ConfigMap is updated: the link stays, what it leads to is exchanged.
        Directory.CreateDirectory(PathOf("v1"));
        Directory.CreateDirectory(PathOf("v2"));
        Write("v1/page.hbs", "one");
        Write("v2/page.hbs", "two");
        Directory.CreateSymbolicLink(PathOf("data"), PathOf("v1"));
        File.CreateSymbolicLink(PathOf("own/page.hbs"), PathOf("data/page.hbs"));
        Assert.Equal("one", Render("x"));

        Directory.Delete(PathOf("data"));
        Directory.CreateSymbolicLink(PathOf("data"), PathOf("v2"));

        Assert.Equal("two", Render("x"));
    }

    [Fact]
    public void Render_UnknownName_IsAnError() => Assert.Throws<InvalidOperationException>(() => _store.Render("nothing", new { }));

    public void Dispose()
    {
        _loggers.Dispose();
        _logs.Dispose();
        _directory.Delete(recursive: true);
    }

    private string Render(string name) => _store.Render("page", new { Name = name });

    private string PathOf(string path) => Path.Combine(_directory.FullName, path);

    private void Write(string path, string text)
    {
        File.WriteAllText(PathOf(path), text);
        // Two writes within the clock's grain would look like none.
        File.SetLastWriteTimeUtc(PathOf(path), _written = _written.AddSeconds(1));
    }
}
