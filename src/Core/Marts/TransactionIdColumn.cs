using System.Buffers;

namespace TransactionPipeline.Core.Marts;

/// <summary>
/// The transaction ids of an answer. Ids made by this system are 64 hex digits and are packed into 32 bytes each; ids of a mart made
/// elsewhere are kept as they are.
/// </summary>
internal readonly struct TransactionIdColumn
{
    public const int HashBytes = 32;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    // All ids as one array: bytes when they are hashes, else texts; null when there are none.
    private readonly Array? _ids;

    private TransactionIdColumn(Array? ids) => _ids = ids;

    public static TransactionIdColumn Missing => default;

    public bool IsMissing => _ids is null;

    public long SizeInBytes => _ids switch
    {
        byte[] packed => 24 + packed.LongLength,
        string[] texts => 24 + texts.Sum(text => 32L + (2 * text.Length)),
        _ => 0,
    };

    public string? this[int index] => _ids switch
    {
        byte[] packed => Convert.ToHexStringLower(packed, index * HashBytes, HashBytes),
        string[] texts => texts[index],
        _ => null,
    };

    public TransactionIdColumn Slice(int start, int end) => _ids switch
    {
        byte[] packed => new(packed[(start * HashBytes)..(end * HashBytes)]),
        string[] texts => new(texts[start..end]),
        _ => this,
    };

    public static bool IsHash(ReadOnlySpan<char> id) => id.Length == HashBytes * 2 && !id.ContainsAnyExcept(HexDigits);

    public static TransactionIdColumn OfPacked(byte[] hashes) => new(hashes);

    public static TransactionIdColumn Of(string[] ids)
    {
        if (!Array.TrueForAll(ids, id => IsHash(id))) return new(ids);
        var packed = new byte[ids.Length * HashBytes];
        for (var i = 0; i < ids.Length; i++)
            Convert.FromHexString(ids[i], packed.AsSpan(i * HashBytes, HashBytes), out _, out _);
        return new(packed);
    }
}
