using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Tests.Hosting;

public sealed class LoggingSetupTests
{
    [Theory]
    [InlineData(null, "simple")]
    [InlineData("readable", "simple")]
    [InlineData("json", "json")]
    public void Format_Known_ChoosesTheConsolesFormatter(string? format, string formatter) =>
        Assert.Equal(formatter, Formatter(format));

    [Fact]
    public void Format_Unknown_RefusesToStartAndSaysWhatIsAllowed()
    {
        var refused = Assert.Throws<StartRefusedException>(() => Formatter("xml"));

        Assert.Contains("readable or json", refused.Message, StringComparison.Ordinal);
    }

    private static string? Formatter(string? format)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Configuration.AddInMemoryCollection([new("Logging:Format", format)]);
        builder.AddLogFormat();
        using var host = builder.Build();
        return host.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName;
    }
}
