using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>
/// The place of a page's last row, in links. The API's cursor would carry the product's name through the page's HTML, so this one
/// carries the mask and the beginning of the hashed id: <c>0092273b-4f53cda18c2baa0c</c>.
/// </summary>
internal static class PageCursor
{
    private const int IdDigits = 16;

    // Sorts after every hex digit, so that all ids with these first digits count as passed.
    private const char AfterEveryDigit = '~';

    /// <summary>The text for a link to the page after <paramref name="last"/>.</summary>
    public static string Encode(SalesCursor last) =>
        last.TransactionId is { } id ? $"{ProductMask.Mask(last.Product)}-{id[..Math.Min(IdDigits, id.Length)]}" : ProductMask.Mask(last.Product);

    /// <summary>The place that <paramref name="text"/> names among <paramref name="rows"/>; null when there is no such place (any more).</summary>
    public static SalesCursor? Find(MartRows rows, string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var (mask, id) = dash < 0 ? (text, null) : (text[..dash], text[(dash + 1)..]);
        for (var i = 0; i < rows.Count; i++)
        {
            var product = rows.GetProduct(i);
            if (i > 0 && string.Equals(product, rows.GetProduct(i - 1), StringComparison.Ordinal)) continue;
            if (!string.Equals(ProductMask.Mask(product), mask, StringComparison.Ordinal)) continue;
            return id is null ? new SalesCursor(product, TransactionId: null) : new SalesCursor(product, id + AfterEveryDigit, Repeats: 0);
        }
        return null;
    }
}
