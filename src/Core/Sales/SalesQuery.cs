using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Sales;

/// <summary>A checked question about sales: the cached key and the view of its rows that is wanted.</summary>
public sealed record SalesQuery
{
    /// <summary>Which mart answers.</summary>
    public required Mart Mart { get; init; }

    /// <summary>What products must start with (ordinal).</summary>
    public required string Prefix { get; init; }

    /// <summary>The month.</summary>
    public required Month Month { get; init; }

    /// <summary>Only this day of the month; operational mart only.</summary>
    public DateOnly? Day { get; init; }

    /// <summary>The least total amount, inclusive.</summary>
    public decimal? MinAmount { get; init; }

    /// <summary>The most pieces, inclusive; needs a mart with quantities.</summary>
    public long? MaxQuantity { get; init; }

    /// <summary>The least average price, inclusive.</summary>
    public decimal? MinAvgPrice { get; init; }

    /// <summary>The greatest average price, inclusive.</summary>
    public decimal? MaxAvgPrice { get; init; }

    /// <summary>What is cached for this question.</summary>
    public QueryKey Key => new(Mart, Prefix, Month);

    /// <summary>True when every row of the snapshot is wanted, so that its ready-made encoding can be sent.</summary>
    public bool IsWhole => Day is null && MinAmount is null && MaxQuantity is null && MinAvgPrice is null && MaxAvgPrice is null;

    /// <summary>Whether <paramref name="row"/> passes the filters. Prefix and month are the snapshot's own.</summary>
    public bool Matches(in MartRow row) =>
        (Day is null || row.Date == Day)
        && (MinAmount is null || row.TotalAmount >= MinAmount)
        && (MaxQuantity is null || row.TotalQuantity <= MaxQuantity)
        && (MinAvgPrice is null || row.AvgPrice >= MinAvgPrice)
        && (MaxAvgPrice is null || row.AvgPrice <= MaxAvgPrice);
}
