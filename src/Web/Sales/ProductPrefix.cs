using System.Globalization;
using System.Text;

namespace TransactionPipeline.Web.Sales;

/// <summary>What may be asked for as the beginning of products' names.</summary>
internal static class ProductPrefix
{
    /// <summary>The most characters (UTF-16) of a prefix in its composed form.</summary>
    public const int MaxLength = 64;

    private const int ZeroWidthNonJoiner = 0x200C;
    private const int ZeroWidthJoiner = 0x200D;

    /// <summary>
    /// Letters, marks and digits of any script, joiners and single spaces inside, at most <see cref="MaxLength"/> characters.
    /// </summary>
    /// <param name="text">As it was sent.</param>
    /// <param name="prefix">In composed form (NFC), as products are stored; what looks alike is then one key.</param>
    public static bool TryRead(string text, out string prefix)
    {
        prefix = text;
        // Before it is composed: half a surrogate pair cannot be.
        if (!IsAllowed(text)) return false;
        prefix = text.Normalize(NormalizationForm.FormC);
        return prefix.Length <= MaxLength;
    }

    private static bool IsAllowed(string text)
    {
        // What stands between two words, or at the ends, has nothing of a word beside it.
        var between = true;
        foreach (var rune in text.EnumerateRunes())
        {
            var separates = rune.Value is ' ' or ZeroWidthNonJoiner or ZeroWidthJoiner;
            if (separates ? between : !IsOfAWord(rune)) return false;
            between = separates;
        }
        return !between;
    }

    private static bool IsOfAWord(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.DecimalDigitNumber;
}
