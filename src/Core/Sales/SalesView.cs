using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Sales;

/// <summary>The rows of a snapshot that a question asks for, in the snapshot's order.</summary>
public static class SalesView
{
    /// <summary>The rows that pass the filters, from the position <paramref name="start"/> on.</summary>
    /// <exception cref="MissingColumnException">A filter needs a column that the mart does not have.</exception>
    public static IEnumerable<MartRow> Rows(MartRows rows, SalesQuery query, int start = 0)
    {
        CheckColumns(rows, query);
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
        CheckColumns(rows, query);
        var start = StartAfter(rows, after);
        var page = new List<MartRow>(Math.Min(limit, Math.Max(0, rows.Count - start)));
        var last = 0;
        for (var i = start; i < rows.Count; i++)
        {
            var row = rows[i];
            if (!query.Matches(row)) continue;
            if (page.Count == limit) return new SalesPage(page, SalesCursor.At(rows, last));
            page.Add(row);
            last = i;
        }
        return new SalesPage(page, Next: null);
    }

    /// <summary>Where the rows after a cursor begin.</summary>
    public static int StartAfter(MartRows rows, SalesCursor? after) =>
        after is null ? 0 : Math.Min(rows.Count, rows.FindFrom(after.Product, after.TransactionId) + after.Repeats);

    private static void CheckColumns(MartRows rows, SalesQuery query)
    {
        if (query.MaxQuantity is not null && !rows.HasTotalQuantity && rows.Count > 0)
            throw new MissingColumnException("max_quantity", "total_quantity");
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
