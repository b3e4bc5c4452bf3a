using System.Runtime.CompilerServices;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>The key figures of the rows that a question asks for, and each product's part of them.</summary>
/// <param name="Rows">How many rows there are.</param>
/// <param name="TotalAmount">Sum of the amounts.</param>
/// <param name="Transactions">Sum of the transactions.</param>
/// <param name="Pieces">Sum of the pieces; null when the mart has no quantities.</param>
/// <param name="Products">The products, most amount first.</param>
internal sealed record SalesSummary(int Rows, decimal TotalAmount, long Transactions, long? Pieces, IReadOnlyList<ProductTotal> Products)
{
    // A snapshot never changes, so what was added up once for all of its rows holds as long as the snapshot is in memory.
    private static readonly ConditionalWeakTable<MartRows, SalesSummary> Whole = [];

    /// <summary>Adds up the rows of <paramref name="rows"/> that <paramref name="query"/> asks for.</summary>
    /// <exception cref="MissingColumnException">A filter needs a column that the mart does not have.</exception>
    public static SalesSummary Of(MartRows rows, SalesQuery query) =>
        query.IsWhole ? Whole.GetValue(rows, all => Sum(all, query)) : Sum(rows, query);

    private static SalesSummary Sum(MartRows rows, SalesQuery query)
    {
        var products = new List<ProductTotal>();
        var count = 0;
        string? product = null;
        decimal amount = 0, allAmount = 0;
        long transactions = 0, pieces = 0, allTransactions = 0, allPieces = 0;
        foreach (var row in SalesView.Rows(rows, query))
        {
            if (!string.Equals(row.Product, product, StringComparison.Ordinal)) Finish();
            count++;
            product = row.Product;
            amount += row.TotalAmount;
            transactions += row.TransactionCount;
            pieces += row.TotalQuantity ?? 0;
        }
        Finish();
        products.Sort((a, b) => a.Amount == b.Amount ? string.CompareOrdinal(a.Mask, b.Mask) : b.Amount.CompareTo(a.Amount));
        return new SalesSummary(count, allAmount, allTransactions, rows.HasTotalQuantity ? allPieces : null, products);

        void Finish()
        {
            if (product is null) return;
            products.Add(new ProductTotal(ProductMask.Mask(product), amount, transactions));
            allAmount += amount;
            allTransactions += transactions;
            allPieces += pieces;
            (product, amount, transactions, pieces) = (null, 0, 0, 0);
        }
    }
}

/// <summary>One product's part of a month.</summary>
/// <param name="Mask">See <see cref="ProductMask"/>.</param>
/// <param name="Amount">Sum of the amounts.</param>
/// <param name="Transactions">Sum of the transactions.</param>
internal sealed record ProductTotal(string Mask, decimal Amount, long Transactions);
