using System.Security.Cryptography;
using System.Text;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>
/// The one place where ids are hashed: SHA-256 of the UTF-8 text, or HMAC-SHA-256 when there is a key. Every store gets the result, so
/// that they agree on it and none can leak the plain id.
/// </summary>
public sealed class TransactionIdHasher
{
    private readonly byte[]? _key;

    /// <summary>With <paramref name="piiKey"/>, the setting <c>security.pii_key</c>; null or blank for none.</summary>
    public TransactionIdHasher(string? piiKey) => _key = string.IsNullOrWhiteSpace(piiKey) ? null : Encoding.UTF8.GetBytes(piiKey);

    /// <summary>64 lower-case hex digits for an id in UTF-8.</summary>
    public string Hash(ReadOnlySpan<byte> id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (_key is null) SHA256.HashData(id, hash);
        else HMACSHA256.HashData(_key, id, hash);
        return Convert.ToHexStringLower(hash);
    }
}
