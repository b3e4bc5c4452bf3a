using System.Diagnostics.CodeAnalysis;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// One mart's change tokens for all who ask: the mart is looked at once for each <see cref="CacheOptions.PollSeconds"/>, for every
/// month that anybody asked for lately, however many ask.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore holds nothing of the system's, and looks may wait at it when the board goes.")]
public sealed class TokenBoard(Mart mart, IChangeTokens tokens, CacheOptions options, TimeProvider time)
{
    /// <summary>A month that nobody asked for in so many polls is not looked at any more.</summary>
    private const int PollsToForget = 10;

    private readonly Dictionary<Month, DateTimeOffset> _askedAt = [];
    private readonly Dictionary<Month, MonthToken> _seen = [];
    private readonly SemaphoreSlim _looking = new(1, 1);

    // Woken looks by their number: the last that began, and the last that succeeded.
    private int _begun;
    private int _done;

    /// <summary>
    /// The tokens of <paramref name="months"/>, not older than one poll; when <paramref name="woken"/>, looked at from now on. Whoever is
    /// woken while a look runs shares the next one.
    /// </summary>
    /// <param name="months">The months.</param>
    /// <param name="woken">Whether the mart is known to have changed.</param>
    /// <param name="cancellationToken">Ends the waiting for another's look; a look that runs is everybody's.</param>
    /// <exception cref="MartException">The mart could not be asked.</exception>
    public async Task<TokenNews> LookAsync(IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        var oldest = woken ? now : now - options.Poll;
        var begunBefore = Volatile.Read(ref _begun);
        await _looking.WaitAsync(cancellationToken);
        try
        {
            foreach (var month in months) _askedAt[month] = now;
            // Whoever waited here for another's look shares what it saw.
            var isSeen = months.All(month => _seen.TryGetValue(month, out var seen) && seen.AsOf >= oldest);
            var changed = isSeen && (!woken || _done > begunBefore) ? [] : await LookAsync(now, woken);
            return new TokenNews([.. months.Select(month => _seen[month])], changed);
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task<IReadOnlyList<MonthToken>> LookAsync(DateTimeOffset now, bool woken)
    {
        foreach (var (month, _) in _askedAt.Where(asked => asked.Value < now - (PollsToForget * options.Poll)).ToList())
        {
            _askedAt.Remove(month);
            _seen.Remove(month);
        }
        if (woken) Volatile.Write(ref _begun, _begun + 1);
        var changed = new List<MonthToken>();
        foreach (var token in await tokens.LookAsync(mart, [.. _askedAt.Keys], woken, CancellationToken.None))
        {
            if (_seen.TryGetValue(token.Month, out var before) && before.DataVersion != token.DataVersion) changed.Add(token);
            _seen[token.Month] = token;
        }
        if (woken) _done = _begun;
        return changed;
    }
}

/// <summary>What a look came to.</summary>
/// <param name="Tokens">The tokens asked for.</param>
/// <param name="Changed">The tokens, of any month that is watched, that this look found changed.</param>
public sealed record TokenNews(IReadOnlyList<MonthToken> Tokens, IReadOnlyList<MonthToken> Changed);
