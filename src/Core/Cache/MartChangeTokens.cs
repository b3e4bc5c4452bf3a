using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The change tokens from the marts themselves. A mart that has one token for all months is asked once in a look. Those of a mart that is
/// costly to poll are asked for again only after <see cref="CacheOptions.SlowPollSeconds"/>, or when it is known to have changed; till then
/// they are told as of their last look.
/// </summary>
public sealed class MartChangeTokens(
    IReadOnlyDictionary<Mart, IMartSource> sources, IOptions<CacheOptions> options, TimeProvider time) : IChangeTokens
{
    // The month is null where one token stands for all.
    private readonly ConcurrentDictionary<(Mart Mart, Month? Month), MonthToken> _costly = new();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MonthToken>> LookAsync(
        Mart mart, IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken)
    {
        var tokens = new List<MonthToken>(months.Count);
        foreach (var month in months)
        {
            tokens.Add(sources[mart].HasOneToken && tokens.Count > 0
                ? tokens[0] with { Month = month }
                : await LookAsync(mart, month, woken, cancellationToken));
        }
        return tokens;
    }

    private async Task<MonthToken> LookAsync(Mart mart, Month month, bool woken, CancellationToken cancellationToken)
    {
        var (source, asOf) = (sources[mart], time.GetUtcNow());
        (Mart, Month?) known = (mart, source.HasOneToken ? null : month);
        if (!woken && source.IsCostlyToPoll && _costly.TryGetValue(known, out var last)
            && asOf - last.AsOf < options.Value.SlowPoll) return last with { Month = month };
        var token = new MonthToken(month, await source.GetChangeTokenAsync(month, cancellationToken), asOf);
        if (source.IsCostlyToPoll) _costly[known] = token;
        return token;
    }
}
