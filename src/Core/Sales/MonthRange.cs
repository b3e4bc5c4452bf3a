using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Sales;

/// <summary>Months in a row.</summary>
/// <param name="From">The first one.</param>
/// <param name="To">The last one; not before <paramref name="From"/>.</param>
public readonly record struct MonthRange(Month From, Month To)
{
    private static readonly Month First = new(1, 1);

    /// <summary>How many months it has.</summary>
    public int Count => CountOf(From, To);

    /// <summary>The <paramref name="months"/> months up to <paramref name="to"/>; fewer where time begins, in January of the year 1.</summary>
    public static MonthRange EndingWith(Month to, int months) =>
        new(CountOf(First, to) < months ? First : to.AddMonths(1 - months), to);

    /// <summary>Each month, in order.</summary>
    public IEnumerable<Month> Months()
    {
        // Never a step past the last one: after December 9999 there is no month.
        for (var i = 0; i < Count; i++) yield return From.AddMonths(i);
    }

    private static int CountOf(Month from, Month to) => (12 * (to.Year - from.Year)) + to.Number - from.Number + 1;
}
