using System.Globalization;

namespace TransactionPipeline.Core.Marts;

/// <summary>A calendar month, the marts' unit of answers and of change. Text form <c>YYYY-MM</c>; years 1 to 9999.</summary>
public readonly record struct Month : IComparable<Month>
{
    private readonly int _index;

    /// <summary>The month <paramref name="number"/> (1 to 12) of <paramref name="year"/> (1 to 9999).</summary>
    public Month(int year, int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(year, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(year, 9999);
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, 12);
        _index = (year * 12) + number - 1;
    }

    /// <summary>The year, 1 to 9999.</summary>
    public int Year => _index / 12;

    /// <summary>The month's number, 1 to 12.</summary>
    public int Number => (_index % 12) + 1;

    /// <summary>The first day: the value of <c>sale_month</c> in rows.</summary>
    public DateOnly FirstDay => new(Year, Number, 1);

    /// <summary>The last day of this month.</summary>
    public DateOnly LastDay => new(Year, Number, DateTime.DaysInMonth(Year, Number));

    /// <summary>The month that <paramref name="day"/> is in.</summary>
    public static Month Of(DateOnly day) => new(day.Year, day.Month);

    /// <summary>This month moved by <paramref name="months"/>, which may be negative.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The result is outside the years 1 to 9999.</exception>
    public Month AddMonths(int months) => new((_index + months) / 12, ((_index + months) % 12) + 1);

    /// <summary>Reads exactly <c>YYYY-MM</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Month month)
    {
        month = default;
        if (!DateOnly.TryParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return false;
        month = Of(day);
        return true;
    }

    /// <summary>Reads exactly <c>YYYY-MM</c>.</summary>
    /// <exception cref="FormatException">Any other text.</exception>
    public static Month Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var month) ? month : throw new FormatException($"'{text}' is not a month; a month is written YYYY-MM.");

    /// <inheritdoc/>
    public int CompareTo(Month other) => _index.CompareTo(other._index);

    /// <summary><c>YYYY-MM</c>.</summary>
    public override string ToString() => $"{Year:D4}-{Number:D2}";

    /// <summary>Earlier than.</summary>
    public static bool operator <(Month left, Month right) => left._index < right._index;

    /// <summary>Later than.</summary>
    public static bool operator >(Month left, Month right) => left._index > right._index;

    /// <summary>Earlier than or the same.</summary>
    public static bool operator <=(Month left, Month right) => left._index <= right._index;

    /// <summary>Later than or the same.</summary>
    public static bool operator >=(Month left, Month right) => left._index >= right._index;
}
