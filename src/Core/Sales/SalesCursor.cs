using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Sales;

/// <summary>
/// The last row of a page: a place in the order of the rows and how many rows from there on are passed. Sent to clients as opaque text,
/// of at most a few KB whatever the row holds, because it travels in an address.
/// </summary>
/// <param name="Product">The row's product, or the beginning of a long one.</param>
/// <param name="TransactionId">The row's id; null when it is very long, or the product is, or the mart has no ids.</param>
/// <param name="Repeats">
/// Rows from that place up to the last one: 1 where ids are keys, more in a mart made elsewhere that repeats ids or has none.
/// </param>
public sealed record SalesCursor(
    [property: JsonPropertyName("p")] string Product, [property: JsonPropertyName("i")] string? TransactionId, [property: JsonPropertyName("n")] int Repeats = 1)
{
    private const int MaxLength = 256;

    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The cursor of row <paramref name="index"/>.</summary>
    public static SalesCursor At(MartRows rows, int index)
    {
        var (product, id) = (rows[index].Product, rows[index].TransactionId);
        // Any place at or before the row will do: the rows from there on are counted.
        if (product.Length > MaxLength) (product, id) = (product[..(char.IsHighSurrogate(product[MaxLength - 1]) ? MaxLength - 1 : MaxLength)], null);
        if (id?.Length > MaxLength) id = null;
        return new SalesCursor(product, id, index - rows.FindFrom(product, id) + 1);
    }

    /// <summary>The text for the next page's <c>cursor</c>.</summary>
    public string Encode() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this, Json));

    /// <summary>Reads what <see cref="Encode"/> wrote; null for any other text.</summary>
    public static SalesCursor? TryDecode(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<SalesCursor>(Base64Url.DecodeFromChars(text), Json) is { Repeats: > 0 } cursor ? cursor : null;
        }
        catch (Exception other) when (other is FormatException or JsonException)
        {
            return null;
        }
    }
}
