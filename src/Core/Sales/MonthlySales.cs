using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Sales;

/// <summary>Totals of one prefix over a range of months, from the same cached answers as everything else.</summary>
public sealed class MonthlySales(IKeyOwner owner)
{
    /// <summary>The most months in one range.</summary>
    public const int MaxMonths = 36;

    /// <summary>One total for each month of <paramref name="range"/>, in order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range has more than <see cref="MaxMonths"/>.</exception>
    /// <exception cref="MartException">A month's mart failed and nothing cached may be served for it.</exception>
    public async Task<IReadOnlyList<MonthTotal>> GetAsync(
        Mart mart, string prefix, MonthRange range, CacheDemand demand, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.Count, MaxMonths, nameof(range));
        return await Task.WhenAll(range.Months().Select(month => TotalAsync(new QueryKey(mart, prefix, month), demand, cancellationToken)));
    }

    private async Task<MonthTotal> TotalAsync(QueryKey key, CacheDemand demand, CancellationToken cancellationToken)
    {
        var answer = await owner.GetAsync(key, demand, cancellationToken);
        var rows = answer.Snapshot.Rows;
        decimal amount = 0;
        long transactions = 0, quantity = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            amount += row.TotalAmount;
            transactions += row.TransactionCount;
            quantity += row.TotalQuantity ?? 0;
        }
        return new MonthTotal(key.Month, amount, transactions, rows.HasTotalQuantity ? quantity : null, answer);
    }
}

/// <summary>The sum of a month's rows.</summary>
/// <param name="Month">The month.</param>
/// <param name="TotalAmount">Sum of the rows' amounts.</param>
/// <param name="TransactionCount">Sum of the rows' transactions.</param>
/// <param name="TotalQuantity">Sum of the rows' pieces; null when the mart has none.</param>
/// <param name="Answer">The cached answer behind it.</param>
public sealed record MonthTotal(Month Month, decimal TotalAmount, long TransactionCount, long? TotalQuantity, CachedAnswer Answer);
