namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>What the queries of one day may be billed for, together. A day is a day in UTC.</summary>
public interface IByteBudget
{
    /// <summary>
    /// Sets <paramref name="bytes"/> aside before a query: the most that it can be billed for. What a process that dies had set aside stays
    /// spent for the day.
    /// </summary>
    /// <returns>False when that would go over the day's budget; nothing is set aside then.</returns>
    ValueTask<bool> TryReserveAsync(long bytes, CancellationToken cancellationToken);

    /// <summary>After the query: gives back what of <paramref name="reserved"/> was not billed.</summary>
    ValueTask SettleAsync(long reserved, long billed, CancellationToken cancellationToken);
}
