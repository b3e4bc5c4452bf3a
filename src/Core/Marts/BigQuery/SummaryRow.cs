using System.Globalization;
using TransactionPipeline.Core.Google;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>Rows of <c>summary_sales</c> from the wire, in the order in which the queries name the columns.</summary>
internal static class SummaryRow
{
    /// <summary>transaction_id, product, sale_month, total_amount, avg_price, transaction_count, total_quantity.</summary>
    public static MartRow Read(TableRow row)
    {
        if (row.F is not [var id, { V: { } product }, { V: { } month }, { V: { } amount }, { V: { } price }, { V: { } count }, var quantity])
            throw new GoogleApiException(GoogleReasons.InvalidQuery, details: "A row of the mart lacks a value.");
        try
        {
            return new MartRow(
                id.V, product, Day(month), Money(amount), Money(price), long.Parse(count, CultureInfo.InvariantCulture),
                quantity.V is { } pieces ? long.Parse(pieces, CultureInfo.InvariantCulture) : null);
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            throw new GoogleApiException(GoogleReasons.InvalidQuery, details: "A column of the mart has another type than expected.", cause: error);
        }
    }

    public static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>
    /// NUMERIC comes as decimal text. FLOAT64, which marts made elsewhere have, comes as the shortest text of a double and may have an
    /// exponent; what is beyond 4 decimals there is noise of sums (2249.9300000000003).
    /// </summary>
    private static decimal Money(string text) =>
        Math.Round(decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture), 4, MidpointRounding.AwayFromZero);
}
