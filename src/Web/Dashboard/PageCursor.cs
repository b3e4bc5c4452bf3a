using System.Globalization;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>
/// The place of a page's last row, in links. The API's cursor would carry the product's name through the page's HTML, so this one
/// carries the mask, the beginning of the hashed id, and how many rows from there on are passed: <c>0092273b-1-4f53cda18c2baa0c</c>.
/// </summary>
internal static class PageCursor
{
    private const int IdDigits = 16;

    /// <summary>The text for a link to the page after row <paramref name="last"/>.</summary>
    public static string Encode(MartRows rows, int last)
    {
        var (product, id) = (rows[last].Product, rows[last].TransactionId is { } whole ? SalesCursor.Beginning(whole, IdDigits) : null);
        var passed = last - rows.FindFrom(product, id) + 1;
        return id is null ? $"{ProductMask.Mask(product)}-{passed}" : $"{ProductMask.Mask(product)}-{passed}-{id}";
    }

    /// <summary>The position among <paramref name="rows"/> that a page begins with; null when there is no such place (any more).</summary>
    public static int? Find(MartRows rows, string text)
    {
        var parts = text.Split('-', 3);
        if (parts.Length < 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var passed)) return null;
        if (ProductOf(rows, parts[0]) is not { } product) return null;
        var id = parts.ElementAtOrDefault(2);
        var start = rows.FindFrom(product, id);
        var end = start;
        while (end < rows.Count && end - start < passed && IsAt(rows[end])) end++;
        return end;

        bool IsAt(in MartRow row) =>
            row.Product == product && (id is null || row.TransactionId?.StartsWith(id, StringComparison.Ordinal) == true);
    }

    private static string? ProductOf(MartRows rows, string mask)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            var product = rows.GetProduct(i);
            if (i > 0 && string.Equals(product, rows.GetProduct(i - 1), StringComparison.Ordinal)) continue;
            if (string.Equals(ProductMask.Mask(product), mask, StringComparison.Ordinal)) return product;
        }
        return null;
    }
}
