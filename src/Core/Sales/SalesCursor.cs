using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Sales;

/// <summary>
/// The end of a page: its last row, by a place in the order of the rows and how many rows at that place are passed. It names a row, not a
/// position, so it stays right when a new version has rows more or less. Sent to clients as opaque text, of at most a few KB whatever the
/// row holds, because it travels in an address.
/// </summary>
/// <param name="Product">The row's product, or the beginning of a long one.</param>
/// <param name="TransactionId">The row's id, or the beginning of a long one; null in a mart without ids, and with a long product.</param>
/// <param name="Repeats">
/// Rows from that place up to the last one: 1 where ids are keys, more in a mart made elsewhere that repeats ids or has none.
/// </param>
public sealed record SalesCursor(
    [property: JsonPropertyName("p")] string Product,
    [property: JsonPropertyName("i")] string? TransactionId,
    [property: JsonPropertyName("n")] int Repeats = 1)
{
    private const int MaxLength = 256;

    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The cursor of the page that ends with row <paramref name="index"/>.</summary>
    public static SalesCursor At(MartRows rows, int index)
    {
        var (product, id) = (rows[index].Product, rows[index].TransactionId);
        // Any place at or before the row will do: the rows from there on are counted.
        if (product.Length > MaxLength) (product, id) = (Beginning(product, MaxLength), null);
        if (id is not null) id = Beginning(id, MaxLength);
        return new SalesCursor(product, id, index - rows.FindFrom(product, id) + 1);
    }

    /// <summary>The position of the first row after it.</summary>
    public int EndIn(MartRows rows)
    {
        var start = rows.FindFrom(Product, TransactionId);
        var end = start;
        while (end < rows.Count && end - start < Repeats && IsAt(rows[end])) end++;
        return end;
    }

    /// <summary>
    /// At most <paramref name="length"/> characters of <paramref name="text"/>, none of them cut in half: never after it in ordinal order.
    /// </summary>
    public static string Beginning(string text, int length) =>
        text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];

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

    private bool IsAt(in MartRow row) => IsAt(row.Product, Product) && (TransactionId is null || IsAt(row.TransactionId, TransactionId));

    private static bool IsAt(string? text, string place) =>
        text == place || (place.Length >= MaxLength - 1 && text?.StartsWith(place, StringComparison.Ordinal) == true);
}
