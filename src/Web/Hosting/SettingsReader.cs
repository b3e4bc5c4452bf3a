using System.Text.RegularExpressions;

namespace TransactionPipeline.Web.Hosting;

/// <summary>Reads sections of the configuration, with a word that a person can act on for a value of the wrong kind.</summary>
public static partial class SettingsReader
{
    /// <summary>The section's settings; those that are not given have their defaults.</summary>
    /// <exception cref="StartRefusedException">A value is not of its kind; the message names it and what is allowed.</exception>
    public static T Read<T>(this IConfiguration configuration, string section)
        where T : class, new()
    {
        try
        {
            return configuration.GetSection(section).Get<T>() ?? new();
        }
        catch (InvalidOperationException unreadable)
        {
            throw new StartRefusedException(Explain(unreadable.Message));
        }
    }

    // The binder tells setting and type by its message alone.
    private static string Explain(string message)
    {
        var told = ConversionFailure().Match(message);
        if (!told.Success) return message;
        var allowed = told.Groups["type"].Value switch
        {
            "System.Int32" or "System.Int64" => "a whole number",
            "System.Double" or "System.Decimal" => "a number",
            "System.Boolean" => "true or false",
            var other => $"a {other}",
        };
        return $"{told.Groups["setting"].Value} is '{told.Groups["value"].Value}'; it must be {allowed}.";
    }

    [GeneratedRegex("value '(?<value>.*)' at '(?<setting>[^']*)' to type '(?<type>[^']*)'", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ConversionFailure();
}
