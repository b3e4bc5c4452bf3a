using System.Globalization;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Sales;
using TransactionPipeline.Web.Dashboard.Charts;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>The charts, their descriptions and the tables that say the same.</summary>
internal static class ChartViews
{
    /// <summary>Products with a bar of their own.</summary>
    public const int TopProducts = 10;

    /// <summary>Columns of the trend.</summary>
    public const int TrendMonths = 12;

    /// <summary>The month's products: the ten with most amount, and the others together; null when there is none.</summary>
    public static ProductsView? Products(SalesQuery query, SalesSummary summary)
    {
        if (summary.Products.Count == 0) return null;
        var top = summary.Products.Take(TopProducts).ToList();
        var lines = top.ConvertAll(product => LineOf(product, product.Mask, isRest: false));
        var others = summary.Products.Count - top.Count;
        if (others > 0)
        {
            lines.Add(LineOf(
                new ProductTotal("", summary.TotalAmount - top.Sum(product => product.Amount), summary.Transactions - top.Sum(product => product.Transactions)),
                $"{Wording.Plural(others, "other product")}", isRest: true));
        }

        var title = $"Total amount by product, {Wording.Long(query.Month)}";
        var description = $"{Wording.Plural(summary.Products.Count, "product")}. The greatest, {top[0].Mask}, has {Wording.Money(top[0].Amount)}: "
            + $"{Wording.Share(top[0].Amount, summary.TotalAmount)} of the total amount.";
        var bars = lines.ConvertAll(line => new Bar(
            line.Line.Product, line.Amount, line.Line.Amount,
            $"{line.Line.Product}: {line.Line.Amount}, {line.Line.Share} of the total amount, {line.Line.Transactions} transactions", line.Line.IsRest));
        return new ProductsView(title, BarChart.Render("products", title, description, bars), lines.ConvertAll(line => line.Line));

        (decimal Amount, ProductLine Line) LineOf(ProductTotal product, string name, bool isRest) => (
            product.Amount,
            new ProductLine(name, isRest, Wording.Money(product.Amount), Wording.Share(product.Amount, summary.TotalAmount), Wording.Count(product.Transactions)));
    }

    /// <summary>The total amounts of the months up to the query's own.</summary>
    public static TrendView Trend(SalesQuery query, TrendAnswer trend, DashboardFilters filters)
    {
        var title = $"Total amount by month, to {Wording.Long(query.Month)}";
        if (trend.Months is not { Count: > 0 } months) return new TrendView(title, Chart: null, $"The earlier months could not be read: {trend.Error}", []);

        if (months.All(month => month.TotalAmount == 0))
            return new TrendView(title, Chart: null, $"No sales in any month from {Wording.Long(months[0].Month)} on.", []);

        var columns = months.Select((month, i) => new Column(
            month.Month.FirstDay.ToString("MMM", CultureInfo.InvariantCulture),
            i == 0 || month.Month.Number == 1 ? $"{month.Month.Year:D4}" : null,
            month.TotalAmount,
            $"{Wording.Long(month.Month)}: {Wording.Money(month.TotalAmount)}, {Wording.Plural(month.TransactionCount, "transaction")}",
            month.Month == query.Month)).ToList();
        var best = months.MaxBy(month => month.TotalAmount)!;
        var description = $"From {Wording.Long(months[0].Month)} to {Wording.Long(months[^1].Month)}. The greatest month is {Wording.Long(best.Month)} with "
            + $"{Wording.Money(best.TotalAmount)}; {Wording.Long(months[^1].Month)} has {Wording.Money(months[^1].TotalAmount)}.";
        var lines = months.Select(month => new TrendLine(
            Wording.Long(month.Month), month.Month.ToString(), filters.UrlOfMonth(month.Month),
            Wording.Money(month.TotalAmount), Wording.Count(month.TransactionCount), month.Month == query.Month)).ToList();
        return new TrendView(title, ColumnChart.Render("trend", title, description, columns), NoteOf(query, months), lines);
    }

    private static string? NoteOf(SalesQuery query, IReadOnlyList<MonthTotal> months)
    {
        var notes = new List<string>();
        if (!query.IsWhole) notes.Add("Whole months: the limits on amount, pieces and price are not applied here.");
        var stale = months.Count(month => month.Answer.Result == CacheResult.StaleOnError);
        if (stale > 0) notes.Add($"The mart fails at the moment; {Wording.Plural(stale, "month")} shown from the last good answer.");
        return notes.Count == 0 ? null : string.Join(' ', notes);
    }
}

/// <summary>The totals of the last months, or why they are not known.</summary>
internal readonly record struct TrendAnswer(IReadOnlyList<MonthTotal>? Months, string? Error = null);
