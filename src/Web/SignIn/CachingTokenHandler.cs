using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace TransactionPipeline.Web.SignIn;

/// <summary>
/// Checks a token's signature once and remembers that it was good, until it expires. Remembered is the hash of the whole token, so
/// nothing but the very same bytes profits, and no token can be read from memory.
/// </summary>
internal sealed class CachingTokenHandler(TimeProvider time) : JsonWebTokenHandler
{
    private const int Capacity = 4096;
    private const int LongestToken = 2048;

    private readonly ConcurrentDictionary<UInt128, Known> _known = new();

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        if (token.Length > LongestToken) return await base.ValidateTokenAsync(token, validationParameters);

        var hash = HashOf(token);
        if (_known.TryGetValue(hash, out var known))
        {
            if (time.GetUtcNow() < known.Until) return known.Result;
            _known.TryRemove(hash, out _);
        }

        var result = await base.ValidateTokenAsync(token, validationParameters);
        if (!result.IsValid) return result;
        var until = new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero);
        if (time.GetUtcNow() < until)
        {
            // Emptied when full rather than kept in order: it refills with one signature check for each live token.
            if (_known.Count >= Capacity) _known.Clear();
            _known[hash] = new Known(result, until);
        }
        return result;
    }

    private static UInt128 HashOf(string token)
    {
        // Any text fits: a char is at most three bytes of UTF-8.
        Span<byte> bytes = stackalloc byte[LongestToken * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(token, bytes)], hash);
        return MemoryMarshal.Read<UInt128>(hash);
    }

    private sealed record Known(TokenValidationResult Result, DateTimeOffset Until);
}
