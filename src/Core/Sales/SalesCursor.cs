using System.Buffers.Text;
using System.Text;

namespace TransactionPipeline.Core.Sales;

/// <summary>The last row of a page. Sent to clients as opaque text.</summary>
/// <param name="Product">The row's product.</param>
/// <param name="TransactionId">The row's id; null in a mart without ids.</param>
public sealed record SalesCursor(string Product, string? TransactionId)
{
    private const char Separator = '\n';

    /// <summary>The text for the next page's <c>cursor</c>.</summary>
    public string Encode() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Product}{Separator}{TransactionId}"));

    /// <summary>Reads what <see cref="Encode"/> wrote; null for any other text.</summary>
    public static SalesCursor? TryDecode(string text)
    {
        try
        {
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(Separator);
            return parts.Length == 2 ? new SalesCursor(parts[0], parts[1].Length == 0 ? null : parts[1]) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
