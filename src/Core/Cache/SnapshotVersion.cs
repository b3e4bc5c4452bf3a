using System.Globalization;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// Orders all answers of a (mart, month), whatever the prefix: a hybrid logical timestamp (Kulkarni et al., 2014) and who issued it. Unique
/// without the shared store: two processes that know nothing of each other never issue the same. Text form: <c>TIME-ISSUER</c>, the issuer
/// in hexadecimal. Versions that a <see cref="VersionClock"/> did not issue, those of stores written before 2.0, have issuer 0 and are
/// below all that one did.
/// </summary>
/// <param name="Time">Microseconds since 1970 by the issuer's clock, or more when a higher one was known.</param>
/// <param name="Issuer">The process that issued it, a random number.</param>
public readonly record struct SnapshotVersion(long Time, long Issuer) : IComparable<SnapshotVersion>
{
    /// <summary>Below every version: there is no snapshot.</summary>
    public static SnapshotVersion None => default;

    /// <summary>The later of two.</summary>
    public static SnapshotVersion Max(SnapshotVersion one, SnapshotVersion other) => one < other ? other : one;

    /// <summary>Reads what <see cref="ToString"/> writes; false for any other text.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SnapshotVersion version)
    {
        version = default;
        var end = text.IndexOf('-');
        if (end < 0
            || !long.TryParse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var time)
            || !long.TryParse(text[(end + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var issuer)) return false;
        version = new(time, issuer);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(SnapshotVersion other) =>
        Time.CompareTo(other.Time) is not 0 and var order ? order : Issuer.CompareTo(other.Issuer);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Time}-{Issuer:x}");

    /// <summary>Whether <paramref name="left"/> is older.</summary>
    public static bool operator <(SnapshotVersion left, SnapshotVersion right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> is newer.</summary>
    public static bool operator >(SnapshotVersion left, SnapshotVersion right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> is older, or the same.</summary>
    public static bool operator <=(SnapshotVersion left, SnapshotVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> is newer, or the same.</summary>
    public static bool operator >=(SnapshotVersion left, SnapshotVersion right) => left.CompareTo(right) >= 0;
}
