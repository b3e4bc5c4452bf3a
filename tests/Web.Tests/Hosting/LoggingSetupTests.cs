using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Web.Hosting;
using ZLogger;

namespace TransactionPipeline.Web.Tests.Hosting;

public sealed partial class LoggingSetupTests
{
    private static readonly FakeTimeProvider Time = new(new DateTimeOffset(2023, 10, 1, 8, 30, 0, 250, TimeSpan.Zero));

    [Fact]
    public void Readable_EachEvent_IsALineWithTimeLevelAndSource()
    {
        var lines = Write("readable", static logger => LogRetrieved(logger, "admin", 2, 0.154));

        var line = Assert.Single(lines);
        Assert.Equal("[2023-10-01 08:30:00.250] INF Sales: User admin retrieved 2 rows in 0.15 seconds", line);
    }

    [Fact]
    public void Json_EachEvent_IsOneObjectALineWithItsValuesByName()
    {
        var lines = Write("json", static logger =>
        {
            LogRetrieved(logger, "admin", 2, 0.154);
            LogBroken(logger, "O'Neill \"\n", new InvalidOperationException("first\nsecond"));
        });

        Assert.Equal(2, lines.Length);
        var retrieved = JsonDocument.Parse(lines[0]).RootElement;
        Assert.Equal("2023-10-01T08:30:00.25+00:00", retrieved.GetProperty("Timestamp").GetString());
        Assert.Equal("Information", retrieved.GetProperty("LogLevel").GetString());
        Assert.Equal("Sales", retrieved.GetProperty("Category").GetString());
        Assert.Equal("User admin retrieved 2 rows in 0.15 seconds", retrieved.GetProperty("Message").GetString());
        Assert.Equal("admin", retrieved.GetProperty("User").GetString());
        Assert.Equal(2, retrieved.GetProperty("Rows").GetInt32());
        Assert.Equal(0.154, retrieved.GetProperty("Seconds").GetDouble());
        var broken = JsonDocument.Parse(lines[1]).RootElement;
        Assert.Equal("O'Neill \"\n", broken.GetProperty("User").GetString());
        Assert.Equal("first\nsecond", broken.GetProperty("Exception").GetProperty("Message").GetString());
    }

    [Fact]
    public void Stopped_WithLinesStillInTheQueue_WritesThemAll()
    {
        var lines = Write("readable", static logger =>
        {
            for (var i = 0; i < 50_000; i++) LogRetrieved(logger, "admin", i, 0);
        });

        Assert.Equal(50_000, lines.Length);
        Assert.EndsWith("retrieved 49999 rows in 0.00 seconds", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Format_Unknown_RefusesToStartAndSaysWhatIsAllowed()
    {
        var refused = Assert.Throws<StartRefusedException>(() => LoggingSetup.OptionsFor("xml"));

        Assert.Contains("readable or json", refused.Message, StringComparison.Ordinal);
    }

    private static string[] Write(string format, Action<ILogger> log)
    {
        var output = new MemoryStream();
        using (var factory = LoggerFactory.Create(logging => logging.AddZLoggerStream(output, options =>
        {
            LoggingSetup.OptionsFor(format)(options);
            options.TimeProvider = Time;
        })))
        {
            log(factory.CreateLogger("Sales"));
        }
        var text = Encoding.UTF8.GetString(output.ToArray());
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return text.TrimEnd('\n').Split('\n');
    }

    [LoggerMessage(1, LogLevel.Information, "User {User} retrieved {Rows} rows in {Seconds:F2} seconds")]
    private static partial void LogRetrieved(ILogger logger, string user, int rows, double seconds);

    [LoggerMessage(2, LogLevel.Error, "Broken for {User}")]
    private static partial void LogBroken(ILogger logger, string user, Exception error);
}
