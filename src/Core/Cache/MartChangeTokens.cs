using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>The change tokens from the marts themselves.</summary>
public sealed class MartChangeTokens(IReadOnlyDictionary<Mart, IMartSource> sources, TimeProvider time) : IChangeTokens
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<MonthToken>> LookAsync(
        Mart mart, IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken)
    {
        var tokens = new List<MonthToken>(months.Count);
        foreach (var month in months)
        {
            var asOf = time.GetUtcNow();
            tokens.Add(new(month, await sources[mart].GetChangeTokenAsync(month, cancellationToken), asOf));
        }
        return tokens;
    }
}
