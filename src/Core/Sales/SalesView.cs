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

    /// <summary>One page: at most <paramref name="limit"/> rows from the position <paramref name="start"/> on.</summary>
    /// <exception cref="MissingColumnException">A filter needs a column that the mart does not have.</exception>
    public static SalesPage Page(MartRows rows, SalesQuery query, int limit, int start = 0)
    {
        CheckColumns(rows, query);
        var page = new List<MartRow>(Math.Min(limit, Math.Max(0, rows.Count - start)));
        var next = start;
        for (var i = start; i < rows.Count; i++)
        {
            var row = rows[i];
            if (!query.Matches(row)) continue;
            if (page.Count == limit) return new SalesPage(page, next);
            page.Add(row);
            next = i + 1;
        }
        return new SalesPage(page, Next: null);
    }

    private static void CheckColumns(MartRows rows, SalesQuery query)
    {
        if (query.MaxQuantity is not null && !rows.HasTotalQuantity && rows.Count > 0)
            throw new MissingColumnException("max_quantity", "total_quantity");
    }
}

/// <summary>Some rows, and the position after the last one when more follow; a <see cref="SalesCursor"/> keeps it for another version.</summary>
public sealed record SalesPage(IReadOnlyList<MartRow> Rows, int? Next);

/// <summary>A filter needs a column that the mart lacks. Answered 422.</summary>
public sealed class MissingColumnException(string parameter, string column)
    : Exception($"{parameter} cannot be used: this mart has no column {column}.")
{
    /// <summary>The query parameter at fault.</summary>
    public string Parameter { get; } = parameter;
}
