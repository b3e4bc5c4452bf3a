using System.Globalization;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Sales;

/// <summary>
/// The query string of the sales routes, checked. The one place that knows the parameters' names and limits; a parameter that is not
/// known is refused too, because a misspelt filter that is ignored gives a wrong answer.
/// </summary>
internal sealed record SalesParameters
{
    public const string DefaultPrefix = "Halal";
    public const int DefaultLimit = 1000;
    public const int MaxLimit = 10_000;

    public required Mart Mart { get; init; }

    public string Prefix { get; init; } = DefaultPrefix;

    /// <summary>Null: the newest month with data.</summary>
    public Month? Month { get; init; }

    public DateOnly? Day { get; init; }

    public decimal? MinAmount { get; init; }

    public long? MaxQuantity { get; init; }

    public decimal? MinAvgPrice { get; init; }

    public decimal? MaxAvgPrice { get; init; }

    public int Limit { get; init; } = DefaultLimit;

    public SalesCursor? Cursor { get; init; }

    /// <summary>The question, once the month is known.</summary>
    public SalesQuery ToQuery(Month month) => new()
    {
        Mart = Mart,
        Prefix = Prefix,
        Month = month,
        Day = Day,
        MinAmount = MinAmount,
        MaxQuantity = MaxQuantity,
        MinAvgPrice = MinAvgPrice,
        MaxAvgPrice = MaxAvgPrice,
    };

    /// <summary>Reads the query string; what is wrong with it goes to <paramref name="errors"/>.</summary>
    public static SalesParameters Parse(Mart mart, IQueryCollection query, ParameterErrors errors)
    {
        var parameters = new SalesParameters { Mart = mart };
        foreach (var (name, values) in query)
        {
            if (values.Count != 1)
            {
                errors.Add(name, "give it once.");
                continue;
            }
            var value = values[0] ?? "";
            parameters = name switch
            {
                "product_prefix" => parameters with { Prefix = ReadPrefix(name, value, errors) },
                "sale_month" or "month" => parameters.WithMonth(name, value, errors),
                "min_amount" => parameters with { MinAmount = ReadAmount(name, value, errors) },
                "min_avg_price" => parameters with { MinAvgPrice = ReadAmount(name, value, errors) },
                "max_avg_price" => parameters with { MaxAvgPrice = ReadAmount(name, value, errors) },
                "max_quantity" => parameters with { MaxQuantity = ReadQuantity(name, value, errors) },
                "limit" => parameters with { Limit = ReadLimit(name, value, errors) },
                "cursor" => parameters with { Cursor = ReadCursor(name, value, errors) },
                _ => parameters.Unknown(name, errors),
            };
        }
        if (query.ContainsKey("sale_month") && query.ContainsKey("month")) errors.Add("month", "give sale_month or month, not both.");
        if (parameters is { MinAvgPrice: { } low, MaxAvgPrice: { } high } && low > high)
            errors.Add("min_avg_price", "must not be above max_avg_price.");
        return parameters;
    }

    /// <inheritdoc cref="ProductPrefix.TryRead"/>
    public static string ReadPrefix(string name, string value, ParameterErrors errors)
    {
        if (!ProductPrefix.TryRead(value, out var prefix))
        {
            errors.Add(
                name,
                $"must be letters and digits of any script, with single spaces inside, at most {ProductPrefix.MaxLength} characters, such as 'Halal' or 'Halal Laptop'.");
        }
        return prefix;
    }

    /// <summary>A month: <c>YYYY-MM</c>, or any day of it.</summary>
    public static Month? ReadMonth(string name, string value, ParameterErrors errors) =>
        ReadMonthOrDay(name, value, errors)?.Month;

    private static (Month Month, DateOnly? Day)? ReadMonthOrDay(string name, string value, ParameterErrors errors)
    {
        if (Core.Marts.Month.TryParse(value, out var month)) return (month, null);
        if (DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return (Core.Marts.Month.Of(day), day);
        errors.Add(name, "must be a month YYYY-MM or a day YYYY-MM-DD that exists, such as 2023-10 or 2023-10-01.");
        return null;
    }

    private SalesParameters WithMonth(string name, string value, ParameterErrors errors)
    {
        if (ReadMonthOrDay(name, value, errors) is not { } read) return this;
        // A summary has no days: on the warehouse mart a full date means its month.
        return this with { Month = read.Month, Day = Mart == Mart.Operational ? read.Day : null };
    }

    private static decimal? ReadAmount(string name, string value, ParameterErrors errors)
    {
        if (value.Length <= 28 && decimal.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)) return amount;
        errors.Add(name, "must be a number from 0 up, such as 100 or 24.99.");
        return null;
    }

    private static long? ReadQuantity(string name, string value, ParameterErrors errors)
    {
        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var quantity)) return quantity;
        errors.Add(name, "must be a whole number from 0 up.");
        return null;
    }

    private static int ReadLimit(string name, string value, ParameterErrors errors)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit) return limit;
        errors.Add(name, $"must be a whole number from 1 to {MaxLimit}.");
        return DefaultLimit;
    }

    private static SalesCursor? ReadCursor(string name, string value, ParameterErrors errors)
    {
        var cursor = SalesCursor.TryDecode(value);
        if (cursor is null) errors.Add(name, "must be the cursor of a Link header, unchanged.");
        return cursor;
    }

    private SalesParameters Unknown(string name, ParameterErrors errors)
    {
        errors.Add(
            name,
            "is not a parameter; there are product_prefix, sale_month (or month), min_amount, max_quantity, min_avg_price, max_avg_price, limit, cursor.");
        return this;
    }
}
