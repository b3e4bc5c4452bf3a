using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The keys that a process holds of one month of a mart, and what is known of that month. News visits the keys in use, and only when the
/// month has changed; "unchanged" is one write. Safe to call from any thread.
/// </summary>
internal sealed class MonthShelf(Mart mart, Month month)
{
    // A leaf: nothing else is called under it.
    private readonly Lock _gate = new();
    private readonly HashSet<CachedQuery> _inUse = [];
    private readonly HashSet<CachedQuery> _behind = [];
    private volatile MonthState _state = MonthState.Unknown;

    /// <summary>Guards what changes in any of its keys: a lock for each would be a twentieth of a small one. Nothing is waited for under it.</summary>
    public Lock KeyGate { get; } = new();

    public Mart Mart => mart;

    public Month Month => month;

    /// <summary>What is known of the month.</summary>
    public MonthState State => _state;

    /// <summary>Keys that news has looked at so far: what it costs.</summary>
    public long Visited { get; private set; }

    /// <summary>Keys on the shelf; changed by the table alone.</summary>
    public int Count { get; set; }

    /// <summary>A key is asked for: it is told of news from now on.</summary>
    public void Use(CachedQuery key)
    {
        lock (_gate) _inUse.Add(key);
    }

    /// <summary>A key in use is outdated by what is known already: the next news sees to it.</summary>
    public void FallBehind(CachedQuery key)
    {
        lock (_gate) _behind.Add(key);
    }

    /// <summary>Whether any of its keys was asked for lately: then it is looked at. What is no longer in use is passed over once.</summary>
    public bool IsInUse(DateTimeOffset now)
    {
        while (true)
        {
            CachedQuery? one;
            lock (_gate) one = _inUse.FirstOrDefault();
            if (one is null) return false;
            if (one.IsInUse(now)) return true;
            lock (_gate) _inUse.Remove(one);
            one.Unwatched();
        }
    }

    /// <summary>A key has left the table.</summary>
    public void Leave(CachedQuery key)
    {
        lock (_gate)
        {
            _inUse.Remove(key);
            _behind.Remove(key);
        }
    }

    /// <summary>
    /// The month's change token is known to be <paramref name="dataVersion"/> as of <paramref name="asOf"/>. Keys in use that it outdates are
    /// refreshed at once, behind answers that go on being served, and again at further news until they are no longer behind; any other
    /// key by its next question.
    /// </summary>
    public void Hear(string dataVersion, DateTimeOffset asOf, DateTimeOffset now)
    {
        bool hasChanged;
        CachedQuery[] visited;
        lock (_gate)
        {
            var before = _state;
            _state = before.Heard(dataVersion, asOf, now);
            hasChanged = _state.DataVersion != before.DataVersion;
            var keys = hasChanged ? _inUse : _behind;
            if (keys.Count == 0) return;
            visited = [.. keys];
            Visited += visited.Length;
        }
        foreach (var key in visited)
        {
            var isUsed = key.IsInUse(now);
            var isBehind = isUsed && key.RefreshWhenOutdated();
            lock (_gate)
            {
                if (!isUsed) _inUse.Remove(key);
                if (isBehind) _behind.Add(key);
                else _behind.Remove(key);
            }
            if (!isUsed) key.Unwatched();
        }
    }
}
