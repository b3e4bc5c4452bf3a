using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;
using TransactionPipeline.Web.Sales;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>Makes the page of a state. Pure: the same answers, filters and time give the same page.</summary>
/// <param name="filters">What was asked.</param>
/// <param name="now">The time of the request.</param>
internal sealed class DashboardPageBuilder(DashboardFilters filters, DateTimeOffset now)
{
    /// <summary>Who reads the page.</summary>
    public string? UserName { get; init; }

    /// <summary>See <see cref="DashboardPage.SignOut"/>.</summary>
    public FormToken? SignOut { get; init; }

    /// <summary>Rows on one page of the table.</summary>
    public int PageSize { get; init; } = 50;

    /// <summary>Some filter cannot be used: the form with the messages beside its fields.</summary>
    public DashboardPage Invalid() => Page(
        new Notice("error", "A filter cannot be used", "Nothing was asked. The message beside the field says what is allowed."), month: null);

    /// <summary>The mart holds nothing at all.</summary>
    public DashboardPage Empty() => Page(
        new Notice("info", $"The {filters.Mart.Name()} mart is empty",
            "No transactions have been loaded yet. Someone with the role ingestor can upload a CSV file (POST /upload/transactions); "
            + "the sales appear here as soon as the pipeline has run."),
        month: null);

    /// <summary>The mart failed and nothing that was known before may be shown.</summary>
    public DashboardPage Failed(MartException failure) => Page(
        failure.Failure == MartFailure.Unavailable
            ? new Notice("error", $"The {filters.Mart.Name()} mart is not being asked at the moment",
                $"{Sentence(failure.Message)} {Wait(failure.RetryAfter)}", new PageLink("Try again", filters.Url()))
            : new Notice("error", $"The {filters.Mart.Name()} mart could not answer",
                $"Query error: {Sentence(failure.Message)} There is no earlier answer to show for these filters.",
                new PageLink("Try again", filters.Url())),
        month: null);

    /// <summary>The month's sales, from the mart or from the last good answer.</summary>
    /// <exception cref="MissingColumnException">A filter needs a column that the mart does not have.</exception>
    public DashboardPage Answer(SalesQuery query, CachedAnswer answer, string store, TrendAnswer trend)
    {
        var rows = answer.Snapshot.Rows;
        var summary = SalesSummary.Of(rows, query);
        var table = summary.Rows == 0 ? null : new TablePageBuilder(filters, PageSize).Build(query, rows, summary.Rows);
        var view = new MonthView(
            Wording.Long(query.Month),
            $"Products beginning with “{query.Prefix}”, {query.Mart.Name()} mart",
            query.Month.Year > 1 ? new PageLink(Wording.Long(query.Month.AddMonths(-1)), filters.UrlOfMonth(query.Month.AddMonths(-1))) : null,
            query.Month < Month.Of(DateOnly.FromDateTime(now.UtcDateTime))
                ? new PageLink(Wording.Long(query.Month.AddMonths(1)), filters.UrlOfMonth(query.Month.AddMonths(1))) : null,
            FreshnessOf(answer, store),
            summary.Rows == 0 ? [] : FiguresOf(query, summary, trend),
            ChartViews.Products(query, summary),
            ChartViews.Trend(query, trend, filters),
            table?.View);
        return Page(NoticeOf(query, answer, summary, table), view, query.Month);
    }

    private DashboardPage Page(Notice? notice, MonthView? month, Month? shown = null) => new(UserName, SignOut, FormOf(shown ?? filters.Month), notice, month);

    private FilterForm FormOf(Month? month) => new(
        filters.Mart == Mart.Warehouse,
        filters.Mart == Mart.Operational,
        FieldOf("mart"),
        FieldOf("product_prefix", SalesParameters.DefaultPrefix),
        FieldOf("month", filters.ErrorOf("month") is null ? month?.ToString() : null),
        FieldOf("min_amount"), FieldOf("max_quantity"), FieldOf("min_avg_price"), FieldOf("max_avg_price"),
        filters.HasMore);

    private Field FieldOf(string name, string? otherwise = null)
    {
        var typed = filters.Typed(name);
        return new Field(typed.Length == 0 ? otherwise ?? "" : typed, filters.ErrorOf(name));
    }

    private Notice? NoticeOf(SalesQuery query, CachedAnswer answer, SalesSummary summary, TablePage? table)
    {
        if (answer.Result == CacheResult.StaleOnError)
        {
            return new Notice("stale", "These figures may be out of date",
                $"The {query.Mart.Name()} mart fails at the moment ({Reason(answer.Error)}). This is the last good answer, "
                + $"checked {Wording.Ago(answer.AgeAt(now))}.",
                new PageLink("Try again", filters.Url()));
        }
        if (answer.Snapshot.Rows.Count == 0)
        {
            return new Notice("info", $"No sales in {Wording.Long(query.Month)}",
                $"The {query.Mart.Name()} mart has no product beginning with “{query.Prefix}” in this month. "
                + "Capital and small letters count.",
                LinksOut(query));
        }
        if (summary.Rows == 0)
        {
            return new Notice("info", "No sales pass the filters",
                $"{Wording.Plural(answer.Snapshot.Rows.Count, "row")} of {Wording.Long(query.Month)} begin with “{query.Prefix}”, "
                + "but none is within the limits on amount, pieces and price.",
                new PageLink("Remove these limits", filters.UrlWithoutMore()));
        }
        return table is { IsFirstInstead: true }
            ? new Notice("info", "This is the first page", "The data has changed and the page that the link led to is no longer there.")
            : null;
    }

    private PageLink[] LinksOut(SalesQuery query)
    {
        var newest = new PageLink("Newest month with data", filters.UrlOfMonth(null));
        return query.Prefix == SalesParameters.DefaultPrefix
            ? [newest]
            : [newest, new PageLink($"Products beginning with “{SalesParameters.DefaultPrefix}”", filters.UrlOfDefaultPrefix())];
    }

    private Freshness FreshnessOf(CachedAnswer answer, string store) => new(
        Wording.Ago(answer.AgeAt(now)),
        Wording.Machine(answer.CheckedAt),
        Wording.Moment(answer.Snapshot.DataAsOf),
        Wording.Machine(answer.Snapshot.DataAsOf),
        store,
        Wording.How(answer.Result),
        answer.Result == CacheResult.StaleOnError);

    private static Figure[] FiguresOf(SalesQuery query, SalesSummary summary, TrendAnswer trend)
    {
        var (label, per) = summary.Pieces is { } pieces ? ("Average price per piece", pieces) : ("Average amount per transaction", summary.Transactions);
        return
        [
            new("Total amount", Wording.Money(summary.TotalAmount), IsMoney: true, Note: query.IsWhole ? Change(query.Month, summary, trend) : "Within the filters"),
            new("Transactions", Wording.Count(summary.Transactions), Note: summary.Pieces is { } sold ? $"{Wording.Plural(sold, "piece")} sold" : null),
            per == 0
                ? new(label, "–", Note: "Nothing was sold")
                : new(label, Wording.Money(summary.TotalAmount / per), IsMoney: true,
                    Note: summary.Pieces is null ? "Total amount ÷ transactions" : "Total amount ÷ pieces sold"),
            new("Products", Wording.Count(summary.Products.Count), Note: "Shown by 8 digits of their hash"),
        ];
    }

    private static string? Change(Month month, SalesSummary summary, TrendAnswer trend)
    {
        if (trend.Months is not [.., { TotalAmount: > 0 } before, _]) return null;
        var percent = (100 * summary.TotalAmount / before.TotalAmount) - 100;
        var sign = percent < 0 ? "−" : "+";
        return $"{sign}{Math.Abs(percent):N1} % on {Wording.Long(month.AddMonths(-1))}";
    }

    private static string Wait(TimeSpan? retryAfter) =>
        retryAfter is { } wait ? $"It will be asked again in about {Wording.Age(wait)}." : "It will be asked again shortly.";

    private static string Sentence(string message) => message.EndsWith('.') ? message : message + ".";

    private static string Reason(string? error) => error is null ? "no reason is known" : error.TrimEnd('.');
}
