using System.Buffers;
using System.Text;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// What is cached: one mart, one product prefix (ordinal, case-sensitive), one month. Filters, days, pages and formats are views of
/// the one cached answer. Text form, also the grain's key: <c>warehouse/2023-10/Halal</c>.
/// </summary>
public sealed record QueryKey(Mart Mart, string Prefix, Month Month)
{
    /// <summary>
    /// Whether the prefix is text as every store holds it. A NUL or half a surrogate pair is not: no product begins with it, and each
    /// store's library would make another prefix of it.
    /// </summary>
    internal bool HasText
    {
        get
        {
            for (var rest = Prefix.AsSpan(); rest.Length > 0;)
            {
                if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done || rune.Value == 0) return false;
                rest = rest[length..];
            }
            return true;
        }
    }

    /// <summary>Its mart and month: <c>warehouse/2023-10</c>.</summary>
    internal string MonthText => $"{Beginning(Mart)}{Month}";

    /// <summary><c>mart/month/prefix</c>; the prefix comes last because it alone has free text.</summary>
    public override string ToString() => $"{Beginning(Mart)}{Month}/{Prefix}";

    /// <summary>What the keys of a mart begin with: <c>warehouse/</c>.</summary>
    public static string Beginning(Mart mart) => $"{mart.Name()}/";

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <exception cref="FormatException">Any other text.</exception>
    public static QueryKey Parse(string text)
    {
        var parts = text.Split('/', 3);
        return parts.Length == 3 && MartNames.TryParse(parts[0], out var mart) && Month.TryParse(parts[1], out var month)
            ? new QueryKey(mart, parts[2], month)
            : throw new FormatException($"'{text}' is not a query key; one is written mart/YYYY-MM/prefix.");
    }
}
