using ZLogger;

namespace TransactionPipeline.Web.Hosting;

/// <summary>How logs look: readable lines, or one JSON object a line with <c>Logging:Format=json</c>. Both go to standard output.</summary>
/// <remarks>
/// Every call is logged, and at tens of thousands of cached answers a second a line costs more than the answer. ZLogger writes UTF-8
/// in blocks on a thread of its own, where ASP.NET's console logger makes a string and a system call of each line.
/// </remarks>
public static class LoggingSetup
{
    private const string FormatSetting = "Logging:Format";

    /// <summary>Lines that may wait for a slow reader of standard output; then whoever logs waits too, so that memory stays bounded.</summary>
    private const int LongestQueue = 16 * 1024;

    /// <summary>Chooses the format.</summary>
    /// <exception cref="StartRefusedException">The format is neither.</exception>
    public static IHostApplicationBuilder AddLogFormat(this IHostApplicationBuilder builder)
    {
        builder.Logging.ClearProviders().AddZLoggerConsole(OptionsFor(builder.Configuration[FormatSetting] ?? "readable"));
        // The framework's own line for each request repeats ours.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        return builder;
    }

    /// <summary>The writer's options for a format.</summary>
    /// <exception cref="StartRefusedException">There is no such format.</exception>
    internal static Action<ZLoggerOptions> OptionsFor(string format)
    {
        Action<ZLoggerOptions> useFormatter = format switch
        {
            "readable" => static options => options.UsePlainTextFormatter(static text => text.SetPrefixFormatter(
                $"[{0:utc-longdate}] {1:short} {2}: ",
                static (in MessageTemplate template, in LogInfo info) => template.Format(info.Timestamp, info.LogLevel, info.Category))),
            "json" => static options => options.UseJsonFormatter(static json => json.UseUtcTimestamp = true),
            _ => throw new StartRefusedException($"{FormatSetting} is '{format}'; it must be readable or json."),
        };
        return options =>
        {
            options.FullMode = BackgroundBufferFullMode.Block;
            options.BackgroundBufferCapacity = LongestQueue;
            useFormatter(options);
        };
    }
}
