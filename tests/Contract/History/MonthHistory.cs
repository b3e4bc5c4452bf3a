namespace TransactionPipeline.Contract.History;

/// <summary>A month's states in its mart, by number in the order of their commits.</summary>
internal sealed class MonthHistory
{
    private readonly List<Changed> _changes = [];
    private readonly Dictionary<(int State, string Prefix), string> _contents = [];

    public IReadOnlyList<Changed> Changes => _changes;

    public void Add(Changed change) => _changes.Add(change);

    /// <summary>The rows of a prefix in a state.</summary>
    public string ContentOf(int state, string prefix)
    {
        if (!_contents.TryGetValue((state, prefix), out var content))
        {
            content = SaleRow.Text(_changes[state].Rows.Where(row => row.Product.StartsWith(prefix, StringComparison.Ordinal)));
            _contents[(state, prefix)] = content;
        }
        return content;
    }

    /// <summary>The newest state until <paramref name="until"/> in which the prefix has those very rows; -1 when there is none.</summary>
    public int NewestWith(string prefix, string content, DateTimeOffset until)
    {
        for (var state = _changes.Count - 1; state >= 0; state--)
        {
            if (_changes[state].At <= until && ContentOf(state, prefix) == content) return state;
        }
        return -1;
    }

    /// <summary>The oldest state in which the prefix has those very rows; -1 when there is none.</summary>
    public int OldestWith(string prefix, string content)
    {
        for (var state = 0; state < _changes.Count; state++)
        {
            if (ContentOf(state, prefix) == content) return state;
        }
        return -1;
    }

    /// <summary>The newest state, of those that were told, that was committed before <paramref name="time"/>; -1 when there is none.</summary>
    public int NewestBefore(DateTimeOffset time)
    {
        for (var state = _changes.Count - 1; state >= 0; state--)
        {
            if (_changes[state].At < time && _changes[state].IsTold) return state;
        }
        return -1;
    }
}
