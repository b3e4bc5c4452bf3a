namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>The budget of one process.</summary>
/// <param name="bytesPerDay">0 for no limit.</param>
/// <param name="time">Tells the day.</param>
public sealed class InMemoryByteBudget(long bytesPerDay, TimeProvider time) : IByteBudget
{
    private readonly Lock _lock = new();
    private DateOnly _day;
    private long _spent;

    /// <inheritdoc/>
    public ValueTask<bool> TryReserveAsync(long bytes, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            StartDay();
            if (bytesPerDay > 0 && _spent + bytes > bytesPerDay) return new(false);
            _spent += bytes;
            return new(true);
        }
    }

    /// <inheritdoc/>
    public ValueTask SettleAsync(long reserved, long billed, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            StartDay();
            // A query that ran over midnight has nothing set aside in the new day.
            _spent = Math.Max(0, _spent - reserved + billed);
        }
        return ValueTask.CompletedTask;
    }

    private void StartDay()
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        if (today == _day) return;
        _day = today;
        _spent = 0;
    }
}
