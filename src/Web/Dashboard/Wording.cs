using System.Globalization;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>Numbers, times and states as people read them.</summary>
internal static class Wording
{
    /// <summary>Two decimals and thousands separators: <c>1,999.98</c>.</summary>
    public static string Money(decimal value) =>
        Math.Round(value, 2, MidpointRounding.AwayFromZero).ToString("N2", CultureInfo.InvariantCulture);

    /// <summary>Thousands separators: <c>12,345</c>.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A share of a whole: <c>80.0 %</c>; <c>&lt; 0.1 %</c> for a little that is not nothing.</summary>
    public static string Share(decimal part, decimal whole)
    {
        if (whole == 0) return "–";
        var percent = 100 * part / whole;
        return percent is > 0 and < 0.1m ? "< 0.1 %" : percent.ToString("N1", CultureInfo.InvariantCulture) + " %";
    }

    /// <summary>At most four characters and a unit for an axis: <c>2.5 K</c>.</summary>
    public static string Short(decimal value) => Math.Abs(value) switch
    {
        >= 1_000_000_000 => Scaled(value / 1_000_000_000, " B"),
        >= 1_000_000 => Scaled(value / 1_000_000, " M"),
        >= 1_000 => Scaled(value / 1_000, " K"),
        _ => Scaled(value, ""),
    };

    /// <summary><c>October 2023</c>.</summary>
    public static string Long(Month month) => month.FirstDay.ToString("MMMM yyyy", CultureInfo.InvariantCulture);

    /// <summary><c>2023-10-31 14:05 UTC</c>.</summary>
    public static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>For the attribute <c>datetime</c>.</summary>
    public static string Machine(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary><c>12 s</c>, <c>3 min</c>, <c>5 h</c>, <c>2 days</c>.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 90 } => $"{Math.Floor(Math.Max(0, age.TotalSeconds))} s",
        { TotalMinutes: < 90 } => $"{Math.Floor(age.TotalMinutes)} min",
        { TotalHours: < 36 } => $"{Math.Floor(age.TotalHours)} h",
        _ => $"{Math.Floor(age.TotalDays)} days",
    };

    /// <summary><c>just now</c>, <c>12 s ago</c>.</summary>
    public static string Ago(TimeSpan age) => age.TotalSeconds < 1 ? "just now" : Age(age) + " ago";

    /// <summary>How an answer came to be served.</summary>
    public static string How(CacheResult result) => result switch
    {
        CacheResult.Hit => "cached answer",
        CacheResult.Stale => "cached answer, being refreshed",
        CacheResult.Revalidated => "cached answer, found unchanged just now",
        CacheResult.Miss => "read from the mart just now",
        CacheResult.StaleOnError => "last good answer",
        _ => result.ToString(),
    };

    /// <summary><c>1 product</c>, <c>2 products</c>.</summary>
    public static string Plural(long count, string noun) => count == 1 ? $"1 {noun}" : $"{Count(count)} {noun}s";

    private static string Scaled(decimal value, string unit) =>
        value.ToString(Math.Abs(value) < 10 ? "0.##" : Math.Abs(value) < 100 ? "0.#" : "0", CultureInfo.InvariantCulture) + unit;
}
