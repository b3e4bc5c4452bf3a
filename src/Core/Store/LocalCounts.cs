namespace TransactionPipeline.Core.Store;

/// <summary>Counts of this process alone, in memory.</summary>
public sealed class LocalCounts : IDailyCounts
{
    private readonly Dictionary<(string Name, DateOnly Day), long> _counts = [];
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public Task<bool> TryAddAsync(string name, DateOnly day, long amount, long limit, CancellationToken cancellationToken) =>
        Task.FromResult(TryAdd(name, day, amount, limit));

    internal bool TryAdd(string name, DateOnly day, long amount, long limit)
    {
        lock (_gate)
        {
            var sum = Math.Max(0, _counts.GetValueOrDefault((name, day)) + amount);
            if (amount >= 0 && sum > limit) return false;
            _counts[(name, day)] = sum;
            return true;
        }
    }

    /// <summary>Hands a day's count over to the caller: it is 0 here from now on.</summary>
    internal long Take(string name, DateOnly day)
    {
        lock (_gate) return _counts.Remove((name, day), out var count) ? count : 0;
    }
}
