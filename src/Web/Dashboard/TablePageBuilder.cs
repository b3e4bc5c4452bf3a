using System.Globalization;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>Makes the table of one page of rows.</summary>
internal sealed class TablePageBuilder(DashboardFilters filters, int pageSize)
{
    /// <summary>The page that the filters' cursor names.</summary>
    /// <param name="query">What is asked.</param>
    /// <param name="rows">The snapshot's rows.</param>
    /// <param name="total">How many of them <paramref name="query"/> asks for; at least 1.</param>
    public TablePage Build(SalesQuery query, MartRows rows, int total)
    {
        var start = filters.Cursor is { } cursor ? PageCursor.Find(rows, cursor) : 0;
        var page = SalesView.Page(rows, query, pageSize, start ?? 0);
        if (page.Rows.Count == 0) (start, page) = (null, SalesView.Page(rows, query, pageSize));

        var before = start > 0 ? total - SalesView.Rows(rows, query, start.Value).Count() : 0;
        var view = new TableView(
            query.Mart == Mart.Operational,
            rows.HasTransactionId && query.Mart == Mart.Operational,
            rows.HasTotalQuantity,
            query.Mart == Mart.Operational ? $"Sales in {Wording.Long(query.Month)}" : $"Products in {Wording.Long(query.Month)}",
            $"Rows {Wording.Count(before + 1)} to {Wording.Count(before + page.Rows.Count)} of {Wording.Count(total)}, ordered by product name",
            [.. page.Rows.Select(row => LineOf(query.Mart, row))],
            before == 0 ? null : filters.UrlOfPage(query.Month, CursorBefore(query, rows, before)),
            page.Next is { } next ? filters.UrlOfPage(query.Month, PageCursor.Encode(rows, next - 1)) : null);
        return new TablePage(view, IsFirstInstead: start is null);
    }

    /// <summary>The cursor of the page before the one that starts at row <paramref name="start"/>; null: that is the first one.</summary>
    private string? CursorBefore(SalesQuery query, MartRows rows, int start)
    {
        var rowsBefore = start - pageSize;
        return rowsBefore <= 0 ? null : PageCursor.Encode(rows, SalesView.Page(rows, query, rowsBefore).Next!.Value - 1);
    }

    private static TableLine LineOf(Mart mart, MartRow row) => new(
        ProductMask.Mask(row.Product),
        mart == Mart.Operational ? ProductMask.Shorten(row.TransactionId) : null,
        row.Date.ToString(mart == Mart.Operational ? "yyyy-MM-dd" : "yyyy-MM", CultureInfo.InvariantCulture),
        Wording.Money(row.TotalAmount),
        Wording.Money(row.AvgPrice),
        Wording.Count(row.TransactionCount),
        row.TotalQuantity is { } pieces ? Wording.Count(pieces) : null);
}

/// <summary>The table, and whether it is the first page because the one asked for is gone.</summary>
internal sealed record TablePage(TableView View, bool IsFirstInstead);
