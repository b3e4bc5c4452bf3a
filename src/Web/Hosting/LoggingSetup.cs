using Microsoft.Extensions.Logging.Console;

namespace TransactionPipeline.Web.Hosting;

/// <summary>How logs look: readable lines, or one JSON object a line with <c>Logging:Format=json</c>.</summary>
public static class LoggingSetup
{
    private const string FormatSetting = "Logging:Format";

    /// <summary>Chooses the console's format.</summary>
    /// <exception cref="StartRefusedException">The format is neither.</exception>
    public static IHostApplicationBuilder AddLogFormat(this IHostApplicationBuilder builder)
    {
        var format = builder.Configuration[FormatSetting] ?? "readable";
        builder.Services.Configure<ConsoleLoggerOptions>(options => options.FormatterName = format switch
        {
            "readable" => ConsoleFormatterNames.Simple,
            "json" => ConsoleFormatterNames.Json,
            _ => throw new StartRefusedException($"{FormatSetting} is '{format}'; it must be readable or json."),
        });
        builder.Services.Configure<SimpleConsoleFormatterOptions>(options =>
        {
            options.SingleLine = true;
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "[yyyy-MM-dd HH:mm:ss] ";
        });
        builder.Services.Configure<JsonConsoleFormatterOptions>(options =>
        {
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        });
        // The framework's own line for each request repeats ours.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        return builder;
    }
}
