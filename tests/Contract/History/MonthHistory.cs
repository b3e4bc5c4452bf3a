namespace TransactionPipeline.Contract.History;

/// <summary>A month's states in its mart, by number in the order of their commits.</summary>
internal sealed class MonthHistory
{
    private readonly List<Changed> _changes = [];

    // By prefix, and by the rows that it has.
    private readonly Dictionary<string, Dictionary<string, List<int>>> _prefixes = new(StringComparer.Ordinal);

    public IReadOnlyList<Changed> Changes => _changes;

    /// <summary>Whether every change was told.</summary>
    public bool AllAreTold { get; private set; } = true;

    /// <summary>Adds the next one; all of them before any question.</summary>
    public void Add(Changed change)
    {
        _changes.Add(change);
        AllAreTold &= change.IsTold;
    }

    /// <summary>The newest state until <paramref name="until"/> in which the prefix has those very rows; -1 when there is none.</summary>
    public int NewestWith(string prefix, string content, DateTimeOffset until)
    {
        if (StatesWith(prefix, content) is not { } states) return -1;
        var last = states.FindLastIndex(state => _changes[state].VisibleFrom <= until);
        return last < 0 ? -1 : states[last];
    }

    /// <summary>The oldest state in which the prefix has those very rows; -1 when there is none.</summary>
    public int OldestWith(string prefix, string content) => StatesWith(prefix, content) is { } states ? states[0] : -1;

    /// <summary>The newest state, of those that were told, that was committed before <paramref name="time"/>; -1 when there is none.</summary>
    public int NewestBefore(DateTimeOffset time)
    {
        // The first that was not before it, by halves.
        var (from, to) = (0, _changes.Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (_changes[middle].At < time) from = middle + 1;
            else to = middle;
        }
        for (var state = from - 1; state >= 0; state--)
        {
            if (_changes[state].IsTold) return state;
        }
        return -1;
    }

    private List<int>? StatesWith(string prefix, string content)
    {
        if (!_prefixes.TryGetValue(prefix, out var states))
        {
            _prefixes[prefix] = states = new(StringComparer.Ordinal);
            for (var state = 0; state < _changes.Count; state++)
            {
                var rows = SaleRow.Text(_changes[state].Rows.Where(row => row.Product.StartsWith(prefix, StringComparison.Ordinal)));
                if (!states.TryGetValue(rows, out var with)) states[rows] = with = [];
                with.Add(state);
            }
        }
        return states.GetValueOrDefault(content);
    }
}
