using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The keys that a process holds of one month of a mart, and what is known of that month. News visits the keys in use, and only when the
/// month has changed; "unchanged" is one write. Safe to call from any thread.
/// </summary>
internal sealed class MonthShelf(KeyTable table, Mart mart, Month month)
{
    /// <summary>A key that is not in use.</summary>
    public const int NoSeat = -1;

    /// <summary>A key that has left the table: it never gets a seat again.</summary>
    private const int HasLeft = -2;

    // A leaf: nothing else is called under it.
    private readonly Lock _gate = new();
    // A key knows its place in it, its seat: a set would cost a small key twice as much.
    private readonly List<CachedQuery> _inUse = [];
    private readonly HashSet<CachedQuery> _behind = [];
    private volatile MonthState _state = MonthState.Unknown;

    /// <summary>Guards what changes in any of its keys: a lock for each would be a twentieth of a small one. Nothing is waited for under it.</summary>
    public Lock KeyGate { get; } = new();

    /// <summary>The table that it stands in.</summary>
    public KeyTable Table => table;

    public Mart Mart => mart;

    public Month Month => month;

    /// <summary>What is known of the month.</summary>
    public MonthState State => _state;

    /// <summary>Keys on the shelf; changed by the table alone.</summary>
    public int Count { get; set; }

    /// <summary>A key is asked for: it is told of news from now on.</summary>
    public void Use(CachedQuery key)
    {
        lock (_gate)
        {
            if (key.Seat != NoSeat) return;
            key.Seat = _inUse.Count;
            _inUse.Add(key);
        }
    }

    /// <summary>A key in use is outdated by what is known already: the next news sees to it.</summary>
    public void FallBehind(CachedQuery key)
    {
        lock (_gate)
        {
            if (key.Seat != HasLeft) _behind.Add(key);
        }
    }

    /// <summary>Whether any of its keys was asked for lately: then it is looked at. What is no longer in use is passed over once.</summary>
    public bool IsInUse(DateTimeOffset now)
    {
        while (true)
        {
            CachedQuery? one;
            lock (_gate)
            {
                one = _inUse.Count > 0 ? _inUse[^1] : null;
                if (one is null) return false;
                table.Visit(1);
            }
            if (one.IsInUse(now)) return true;
            Disuse(one);
        }
    }

    /// <summary>A key has left the table.</summary>
    public void Leave(CachedQuery key)
    {
        lock (_gate)
        {
            Unseat(key, HasLeft);
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
            if ((hasChanged ? _inUse.Count : _behind.Count) == 0) return;
            visited = hasChanged ? [.. _inUse] : [.. _behind];
            table.Visit(visited.Length);
        }
        foreach (var key in visited)
        {
            if (hasChanged) key.KeepCheck();
            var isUsed = key.IsInUse(now);
            var isBehind = isUsed && key.RefreshWhenOutdated();
            lock (_gate)
            {
                if (isBehind && key.Seat != HasLeft) _behind.Add(key);
                else _behind.Remove(key);
            }
            if (!isUsed) Disuse(key);
        }
    }

    /// <summary>Nobody asks for the key: it is told of news no more, unless it was asked for meanwhile.</summary>
    private void Disuse(CachedQuery key)
    {
        key.KeepCheck();
        lock (_gate) Unseat(key, NoSeat);
        if (key.IsInUse(table.Context.Now())) Use(key);
    }

    /// <summary>Called under the gate. The last one takes the seat that becomes free.</summary>
    private void Unseat(CachedQuery key, int seat)
    {
        if (key.Seat >= 0)
        {
            var last = _inUse[^1];
            _inUse[key.Seat] = last;
            last.Seat = key.Seat;
            _inUse.RemoveAt(_inUse.Count - 1);
        }
        if (key.Seat != HasLeft) key.Seat = seat;
    }
}
