using System.Security.Cryptography;
using System.Text;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>What the dashboard shows instead of names and ids: enough to tell them apart, nothing to read.</summary>
internal static class ProductMask
{
    private const int Digits = 8;

    /// <summary>The first 8 hex digits of SHA-256 of the product's name: <c>Halal Laptop</c> is <c>0092273b</c>.</summary>
    public static string Mask(string product) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(product)))[..Digits];

    /// <summary>The first 8 digits of an id that was hashed at ingestion; null when the mart has no ids.</summary>
    public static string? Shorten(string? transactionId) =>
        transactionId is { Length: > Digits } ? transactionId[..Digits] : transactionId;
}
