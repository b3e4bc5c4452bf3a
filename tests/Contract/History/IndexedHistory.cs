namespace TransactionPipeline.Contract.History;

/// <summary>A history in the form that the rules read.</summary>
internal sealed class IndexedHistory
{
    private readonly Dictionary<MartMonth, MonthHistory> _months = [];
    private readonly Dictionary<int, Asked> _open = [];
    private readonly List<Asked> _asked = [];
    private readonly List<Exchange> _exchanges = [];
    private readonly Dictionary<AnswerKey, List<Exchange>> _exchangesByKey = [];
    private readonly List<Fault> _faults = [];
    private readonly Dictionary<FaultKind, List<Fault>> _faultsByKind = [];
    private readonly List<Dropped> _drops = [];
    private readonly List<Weighed> _weighed = [];
    private readonly List<Watched> _watched = [];
    private readonly List<CommitRefused> _refused = [];
    private readonly Dictionary<AnswerKey, List<Query>> _queries = [];

    public IndexedHistory(IReadOnlyList<HistoryEvent> history, Terms terms)
    {
        Terms = terms;
        var contents = new Dictionary<(AnswerKey, AnswerVersion), string>();
        var begun = new Dictionary<int, QueryBegan>();
        // First of all: what a change's commit shows may be answered before the commit is known to be through.
        foreach (var change in history.OfType<Changed>())
        {
            if (!_months.TryGetValue(change.Month, out var month)) _months[change.Month] = month = new();
            month.Add(change);
        }
        foreach (var happened in history)
        {
            switch (happened)
            {
                case Asked asked:
                    _open.Add(asked.Id, asked);
                    _asked.Add(asked);
                    break;
                case Answered answer when _open.Remove(answer.Id, out var asked):
                    var exchange = Pair(asked, answer, contents);
                    _exchanges.Add(exchange);
                    if (!_exchangesByKey.TryGetValue(asked.Key, out var ofKey)) _exchangesByKey[asked.Key] = ofKey = [];
                    ofKey.Add(exchange);
                    break;
                case Abandoned abandoned:
                    _open.Remove(abandoned.Id);
                    break;
                case QueryBegan began:
                    begun.Add(began.Id, began);
                    break;
                case QueryEnded ended:
                    var query = new Query(begun[ended.Id], ended);
                    if (!_queries.TryGetValue(query.Began.Key, out var queries)) _queries[query.Began.Key] = queries = [];
                    queries.Add(query);
                    break;
                case Fault fault:
                    _faults.Add(fault);
                    if (!_faultsByKind.TryGetValue(fault.Kind, out var ofKind)) _faultsByKind[fault.Kind] = ofKind = [];
                    ofKind.Add(fault);
                    break;
                case Dropped dropped:
                    _drops.Add(dropped);
                    break;
                case CommitRefused refused:
                    _refused.Add(refused);
                    break;
                case Watched watched:
                    _watched.Add(watched);
                    break;
                case Weighed weighed:
                    _weighed.Add(weighed);
                    break;
            }
        }
    }

    public Terms Terms { get; }

    /// <summary>All questions.</summary>
    public IReadOnlyList<Asked> Asked => _asked;

    /// <summary>What was answered, in the order of the answers.</summary>
    public IReadOnlyList<Exchange> Exchanges => _exchanges;

    /// <summary>The same for one key.</summary>
    public IReadOnlyList<Exchange> ExchangesOf(AnswerKey key) => _exchangesByKey.GetValueOrDefault(key) ?? [];

    /// <summary>Questions that were neither answered nor abandoned.</summary>
    public IReadOnlyCollection<Asked> Unanswered => _open.Values;

    public IReadOnlyList<Fault> Faults => _faults;

    public IReadOnlyList<Dropped> Drops => _drops;

    public IReadOnlyList<Weighed> Weighed => _weighed;

    public IReadOnlyList<Watched> Watched => _watched;

    public IReadOnlyList<CommitRefused> Refused => _refused;

    /// <summary>Ended queries by what they read, in the order of their ends.</summary>
    public IReadOnlyDictionary<AnswerKey, List<Query>> Queries => _queries;

    /// <summary>Whether a month's change token became another in that time.</summary>
    public bool HasNewToken(MartMonth month, DateTimeOffset from, DateTimeOffset to) => _months
        .Where(other => other.Key == month || (Terms.HasOneToken && other.Key.Mart == month.Mart))
        .Any(other => other.Value.Changes.Any(change => change.At >= from && change.At <= to));

    public MonthHistory MonthOf(AnswerKey key) => _months[key.Month];

    /// <summary>Whether an answer may be lost everywhere: where it has left memory, or was dropped, and was never stored.</summary>
    public bool MayLoseAllCopies => (Terms.MayEvict || _drops.Count > 0) && HasFault(
        DateTimeOffset.MinValue, DateTimeOffset.MaxValue,
        FaultKind.StoreDown, FaultKind.StoreSlow, FaultKind.StoreReadOnly, FaultKind.StoreRestored);

    /// <summary>Whether one of those faults was there at some time from <paramref name="from"/> to <paramref name="to"/>.</summary>
    public bool HasFault(DateTimeOffset from, DateTimeOffset to, params ReadOnlySpan<FaultKind> kinds) => HasFault(null, from, to, kinds);

    /// <summary>The same for what concerns a mart; null for all of them.</summary>
    public bool HasFault(string? mart, DateTimeOffset from, DateTimeOffset to, params ReadOnlySpan<FaultKind> kinds)
    {
        foreach (var kind in kinds)
        {
            // How many of this kind are there: at the beginning, and whether one comes.
            var running = 0;
            foreach (var fault in _faultsByKind.GetValueOrDefault(kind) ?? [])
            {
                if (fault.At > to) break;
                if (mart is not null && fault.Mart is not null && fault.Mart != mart) continue;
                if (fault.At >= from) return true;
                running += fault.IsOver ? -1 : 1;
            }
            if (running > 0) return true;
        }
        return false;
    }

    private Exchange Pair(Asked asked, Answered answer, Dictionary<(AnswerKey, AnswerVersion), string> contents)
    {
        var content = answer.Content;
        if (answer.Version is { } version)
        {
            if (content is not null) contents.TryAdd((asked.Key, version), content);
            else content = contents.GetValueOrDefault((asked.Key, version));
        }
        var exchange = new Exchange(asked, answer) { Content = content };
        return content is null ? exchange : exchange with { State = _months[asked.Key.Month].NewestWith(asked.Key.Prefix, content, answer.At) };
    }
}

/// <summary>A query of a mart.</summary>
internal sealed record Query(QueryBegan Began, QueryEnded Ended);
