using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Sales;

/// <summary>The rows of a snapshot that a question asks for, in the snapshot's order.</summary>
public static class SalesView
{
    /// <summary>The rows that pass the filters, from the position <paramref name="start"/> on.</summary>
    /// <exception cref="MissingColumnException">A filter needs a column that the mart does not have.</exception>
    public static IEnumerable<MartRow> Rows(MartRows rows, SalesQuery query, int start = 0)
    {
        if (query.MaxQuantity is not null && !rows.HasTotalQuantity && rows.Count > 0)
            throw new MissingColumnException("max_quantity", "total_quantity");
        return Filter(rows, query, start);
    }

    private static IEnumerable<MartRow> Filter(MartRows rows, SalesQuery query, int start)
    {
        for (var i = start; i < rows.Count; i++)
        {
            var row = rows[i];
            if (query.Matches(row)) yield return row;
        }
    }

    /// <summary>
    /// One page: at most <paramref name="limit"/> rows after <paramref name="after"/>, and where the next page starts (null on the last).
    /// A cursor names a row, not a position, so it stays right when a new version has rows more or less.
    /// </summary>
    /// <exception cref="MissingColumnException">A filter needs a column that the mart does not have.</exception>
    public static SalesPage Page(MartRows rows, SalesQuery query, int limit, SalesCursor? after)
    {
        var start = after is null ? 0 : rows.FindAfter(after.Product, after.TransactionId);
        var page = new List<MartRow>(Math.Min(limit, Math.Max(0, rows.Count - start)));
        foreach (var row in Rows(rows, query, start))
        {
            if (page.Count == limit) return new SalesPage(page, new SalesCursor(page[^1].Product, page[^1].TransactionId));
            page.Add(row);
        }
        return new SalesPage(page, Next: null);
    }
}

/// <summary>Some rows, and the last one's place when more follow.</summary>
public sealed record SalesPage(IReadOnlyList<MartRow> Rows, SalesCursor? Next);

/// <summary>A filter needs a column that the mart lacks. Answered 422.</summary>
public sealed class MissingColumnException(string parameter, string column)
    : Exception($"{parameter} cannot be used: this mart has no column {column}.")
{
    /// <summary>The query parameter at fault.</summary>
    public string Parameter { get; } = parameter;
}
