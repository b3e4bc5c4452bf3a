using System.Buffers;

namespace TransactionPipeline.Core.Marts;

/// <summary>
/// The transaction ids of an answer. Ids made by this system are 64 hex digits and are packed into 32 bytes each; ids of a mart made
/// elsewhere are kept as they are.
/// </summary>
internal sealed class TransactionIdColumn
{
    public const int HashBytes = 32;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly byte[]? _packed;
    private readonly string[]? _texts;

    private TransactionIdColumn(byte[]? packed, string[]? texts)
    {
        _packed = packed;
        _texts = texts;
        SizeInBytes = packed?.LongLength ?? texts?.Sum(text => 32L + (2 * text.Length)) ?? 0;
    }

    public static TransactionIdColumn Missing { get; } = new(null, null);

    public bool IsMissing => _packed is null && _texts is null;

    public long SizeInBytes { get; }

    public string? this[int index] =>
        _packed is not null ? Convert.ToHexStringLower(_packed, index * HashBytes, HashBytes) : _texts?[index];

    public TransactionIdColumn Slice(int start, int end) =>
        IsMissing ? this : new(_packed?[(start * HashBytes)..(end * HashBytes)], _texts?[start..end]);

    public static bool IsHash(ReadOnlySpan<char> id) => id.Length == HashBytes * 2 && !id.ContainsAnyExcept(HexDigits);

    public static TransactionIdColumn OfPacked(byte[] hashes) => new(hashes, null);

    public static TransactionIdColumn Of(string[] ids)
    {
        if (!Array.TrueForAll(ids, id => IsHash(id))) return new(null, ids);
        var packed = new byte[ids.Length * HashBytes];
        for (var i = 0; i < ids.Length; i++)
            Convert.FromHexString(ids[i], packed.AsSpan(i * HashBytes, HashBytes), out _, out _);
        return new(packed, null);
    }
}
