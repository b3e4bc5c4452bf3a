using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace TransactionPipeline.Core.Sales;

/// <summary>The last row of a page. Sent to clients as opaque text.</summary>
/// <param name="Product">The row's product.</param>
/// <param name="TransactionId">The row's id; null in a mart without ids.</param>
/// <param name="Repeats">
/// Rows of that product and id up to the last one: 1 where ids are keys, more in a mart made elsewhere that repeats ids or has none.
/// </param>
public sealed record SalesCursor(string Product, string? TransactionId, int Repeats = 1)
{
    private const char Separator = '\n';

    /// <summary>The text for the next page's <c>cursor</c>.</summary>
    public string Encode() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Product}{Separator}{TransactionId}{Separator}{Repeats}"));

    /// <summary>Reads what <see cref="Encode"/> wrote; null for any other text.</summary>
    public static SalesCursor? TryDecode(string text)
    {
        try
        {
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(Separator);
            return parts.Length == 3 && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var repeats) && repeats > 0
                ? new SalesCursor(parts[0], parts[1].Length == 0 ? null : parts[1], repeats)
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
