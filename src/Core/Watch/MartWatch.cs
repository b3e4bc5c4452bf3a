using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Watch;

/// <summary>
/// Looks at one mart for all who ask: once for each <see cref="CacheOptions.PollSeconds"/>, at every month that anybody asked for lately,
/// however many ask. A mart that has one token for all months is asked once in a look. One that is costly to poll is asked again only
/// after <see cref="CacheOptions.SlowPollSeconds"/>, or when it is known to have changed; till then its tokens are told as of their last look.
/// What it has seen is kept in the store as well, for those who know it not, as after a restart: of a month once for each
/// <see cref="CacheOptions.FreshForSeconds"/>. Safe to call from any thread.
/// </summary>
public sealed class MartWatch : IMartWatch
{
    /// <summary>A month that nobody asked for in so many polls is not looked at any more.</summary>
    private const int PollsToForget = 10;

    private readonly Mart _name;
    private readonly IMartSource _mart;
    private readonly ISnapshotStore _store;
    private readonly CacheOptions _options;
    private readonly TimeProvider _time;
    private readonly TaskScheduler _tasks;
    private readonly NewestMonth _newest;
    private readonly Lock _gate = new();
    private readonly Dictionary<Month, DateTimeOffset> _usedAt = [];
    private readonly Dictionary<Month, MonthToken> _seen = [];
    private readonly Dictionary<Month, DateTimeOffset> _noted = [];
    private Action<MartNews>? _listeners;

    // Looks by their number, one at a time.
    private Look? _looking;
    private Task _noting = Task.CompletedTask;
    private int _begun;
    private int _done;
    private int _doneWoken;

    /// <summary>A watch that has seen nothing yet.</summary>
    /// <param name="mart">What is looked at.</param>
    /// <param name="context">What it works with.</param>
    public MartWatch(Mart mart, CachedQueryContext context)
    {
        (_name, _mart, _store) = (mart, context.Sources[mart], context.Snapshots);
        (_options, _time, _tasks) = (context.Options, context.Time, context.Tasks);
        _newest = new NewestMonth(() => AskNewestMonthAsync(_mart, _time), _options, _time, _tasks);
    }

    /// <summary>The newest month as the mart has it now.</summary>
    /// <exception cref="MartException">The mart could not be asked.</exception>
    public static async Task<KnownMonth> AskNewestMonthAsync(IMartSource mart, TimeProvider time)
    {
        var asOf = time.GetUtcNow();
        return new(await mart.FindNewestMonthAsync(CancellationToken.None), asOf);
    }

    /// <inheritdoc/>
    public void Subscribe(Action<MartNews> listener) => _listeners += listener;

    /// <summary>
    /// The tokens of <paramref name="months"/>, younger than one poll when they are asked for; when <paramref name="woken"/>, looked at from
    /// now on. Whoever is woken while a look runs shares the next one.
    /// </summary>
    /// <inheritdoc/>
    public async Task<MartNews> LookAsync(IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken)
    {
        int? begunBefore = null;
        var after = _time.GetUtcNow() - _options.Poll;
        while (true)
        {
            Look look;
            lock (_gate)
            {
                var now = _time.GetUtcNow();
                foreach (var month in months) _usedAt[month] = now;
                if ((begunBefore < (woken ? _doneWoken : _done) && AreSeen(months, DateTimeOffset.MinValue, now)) || (!woken && AreSeen(months, after, now)))
                    return new([.. months.Select(month => _seen[month])], _newest.Known);
                begunBefore ??= _begun;
                look = _looking ??= Begin(woken);
            }
            try
            {
                await look.Task.WaitAsync(cancellationToken);
            }
            catch (MartException) when (look.Number <= begunBefore)
            {
                // It began before this was asked.
            }
        }
    }

    /// <inheritdoc/>
    public async Task<KnownMonth> FindNewestMonthAsync(CancellationToken cancellationToken) => await _newest.FindAsync(cancellationToken);

    /// <summary>Called under the gate. What was seen later than now is from before the clock went back: how old it is nobody knows.</summary>
    private bool AreSeen(IEnumerable<Month> months, DateTimeOffset after, DateTimeOffset now) =>
        months.All(month => _seen.TryGetValue(month, out var seen) && seen.AsOf > after && seen.AsOf <= now);

    /// <summary>Called under the gate, which the look waits for before it ends.</summary>
    private Look Begin(bool woken)
    {
        var look = new Look(++_begun, woken);
        look.Task = _tasks.Run(() => RunAsync(look));
        // It is everybody's, and perhaps nobody's by then.
        _ = look.Task.SettledAsync();
        return look;
    }

    private async Task RunAsync(Look look)
    {
        List<MonthToken> changed = [];
        try
        {
            var tokens = await LookAtAllAsync(look.IsWoken);
            lock (_gate)
            {
                foreach (var token in tokens)
                {
                    if (_seen.TryGetValue(token.Month, out var before) && before.DataVersion != token.DataVersion) changed.Add(token);
                    _seen[token.Month] = token;
                }
                _done = look.Number;
                if (look.IsWoken) _doneWoken = look.Number;
                Note(tokens);
            }
        }
        finally
        {
            lock (_gate) _looking = null;
        }
        // A woken look may have found rows of a month that nobody holds yet: the newest month may be another.
        if (changed.Count > 0 || look.IsWoken) TellOfChange(changed);
    }

    private async Task<IReadOnlyList<MonthToken>> LookAtAllAsync(bool woken)
    {
        List<(Month Month, MonthToken? Last)> months;
        lock (_gate)
        {
            var forgotten = _time.GetUtcNow() - (PollsToForget * _options.Poll);
            foreach (var (month, _) in _usedAt.Where(used => used.Value < forgotten).ToList())
            {
                _usedAt.Remove(month);
                _seen.Remove(month);
                _noted.Remove(month);
            }
            months = [.. _usedAt.Keys.Select((month, i) => (month, _mart.HasOneToken && i > 0 ? null : LastLookAt(month)))];
        }
        var tokens = new List<MonthToken>(months.Count);
        foreach (var (month, last) in months)
            tokens.Add(_mart.HasOneToken && tokens.Count > 0 ? tokens[0] with { Month = month } : await LookAtAsync(month, woken ? null : last));
        return tokens;
    }

    private async Task<MonthToken> LookAtAsync(Month month, MonthToken? last)
    {
        var asOf = _time.GetUtcNow();
        if (_mart.IsCostlyToPoll && last is { } known && known.AsOf <= asOf && asOf - known.AsOf < _options.SlowPoll) return known with { Month = month };
        return new MonthToken(month, await _mart.GetChangeTokenAsync(month, CancellationToken.None), asOf);
    }

    /// <summary>Called under the gate. Nobody waits for the store; what it could not take it is told of when the next note is due.</summary>
    private void Note(IReadOnlyList<MonthToken> tokens)
    {
        if (!_noting.IsCompleted) return;
        List<MonthToken> due = [.. tokens.Where(token => !_noted.TryGetValue(token.Month, out var noted) || noted > token.AsOf || token.AsOf - noted >= _options.FreshFor)];
        if (due.Count == 0) return;
        foreach (var token in due) _noted[token.Month] = token.AsOf;
        _noting = _tasks.Run(() => _store.NoteAsync(_name, due, CancellationToken.None)).SettledAsync();
    }

    /// <summary>Called under the gate.</summary>
    private MonthToken? LastLookAt(Month month)
    {
        if (_mart.HasOneToken) return _seen.Count > 0 ? _seen.Values.MaxBy(token => token.AsOf) : null;
        return _seen.TryGetValue(month, out var seen) ? seen : null;
    }

    private void TellOfChange(List<MonthToken> changed)
    {
        _newest.Outdate();
        _listeners?.Invoke(new MartNews(changed, Newest: null));
        if (_listeners is not null && _newest.IsInUse) _ = _tasks.Run(TellNewestMonthAsync).SettledAsync();
    }

    private async Task TellNewestMonthAsync()
    {
        // Not when the mart is empty, or has changed again meanwhile.
        if (await _newest.RefreshAsync() is var known && _newest.Known == known) _listeners?.Invoke(new MartNews([], known));
    }

    /// <summary>A look under way.</summary>
    private sealed record Look(int Number, bool IsWoken)
    {
        public Task Task { get; set; } = null!;
    }
}
