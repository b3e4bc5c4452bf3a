using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Sales;

/// <summary>The query string of <c>/sales/monthly</c>, checked.</summary>
internal sealed record MonthlyParameters
{
    public const int DefaultMonths = 12;

    public Mart Mart { get; init; } = Mart.Warehouse;

    public string Prefix { get; init; } = SalesParameters.DefaultPrefix;

    /// <summary>Null: the range has <see cref="DefaultMonths"/>.</summary>
    public Month? From { get; init; }

    /// <summary>Null: the newest month with data.</summary>
    public Month? To { get; init; }

    /// <summary>Reads the query string; what is wrong with it goes to <paramref name="errors"/>.</summary>
    public static MonthlyParameters Parse(IQueryCollection query, ParameterErrors errors)
    {
        var parameters = new MonthlyParameters();
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
                "mart" => parameters with { Mart = ReadMart(name, value, errors) },
                "product_prefix" => parameters with { Prefix = SalesParameters.ReadPrefix(name, value, errors) },
                "from" => parameters with { From = SalesParameters.ReadMonth(name, value, errors) },
                "to" => parameters with { To = SalesParameters.ReadMonth(name, value, errors) },
                _ => parameters.Unknown(name, errors),
            };
        }
        if (parameters.To is { } to) parameters.ToRange(to, errors);
        return parameters;
    }

    /// <summary>The range that ends with <paramref name="to"/>: the parameter, or else the newest month with data.</summary>
    public MonthRange ToRange(Month to, ParameterErrors errors)
    {
        if (From is not { } from) return MonthRange.EndingWith(to, DefaultMonths);
        var longest = MonthRange.EndingWith(to, MonthlySales.MaxMonths);
        if (from > to)
            errors.Add("from", To is null
                ? $"must not be after {to}, the newest month with data, unless to is given."
                : $"must not be after to, which is {to}.");
        else if (from < longest.From)
            errors.Add("from", $"must be {longest.From} or later: a range has at most {MonthlySales.MaxMonths} months, and this one ends with {to}.");
        return new MonthRange(from, to);
    }

    private static Mart ReadMart(string name, string value, ParameterErrors errors)
    {
        if (!MartNames.TryParse(value, out var mart)) errors.Add(name, "must be warehouse or operational.");
        return mart;
    }

    private MonthlyParameters Unknown(string name, ParameterErrors errors)
    {
        errors.Add(name, "is not a parameter; there are product_prefix, from, to, mart.");
        return this;
    }
}
