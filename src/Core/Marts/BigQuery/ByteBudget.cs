using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>
/// What the queries of one day may be billed for, together, over all processes that share <paramref name="counts"/>. A day is one in UTC.
/// </summary>
/// <param name="counts">What is spent so far.</param>
/// <param name="bytesPerDay">0 for no limit.</param>
/// <param name="time">Tells the day.</param>
public sealed class ByteBudget(IDailyCounts counts, long bytesPerDay, TimeProvider time)
{
    private const string Name = "bigquery-bytes";

    /// <summary>
    /// Sets <paramref name="bytes"/> aside before a query: the most that it can be billed for. What is not settled, because the process
    /// died or the query was given up, stays spent for the day.
    /// </summary>
    /// <returns>Null when that would go over the day's budget; nothing is set aside then.</returns>
    internal async Task<Reservation?> TryReserveAsync(long bytes, CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        return bytesPerDay <= 0 || await counts.TryAddAsync(Name, today, bytes, bytesPerDay, cancellationToken)
            ? new Reservation(today, bytes)
            : null;
    }

    /// <summary>After the query: gives back what was not billed, to the day it was taken from.</summary>
    internal async Task SettleAsync(Reservation reserved, long billed)
    {
        if (bytesPerDay > 0 && billed != reserved.Bytes)
            await counts.TryAddAsync(Name, reserved.Day, billed - reserved.Bytes, long.MaxValue, CancellationToken.None);
    }

    internal sealed record Reservation(DateOnly Day, long Bytes);
}
