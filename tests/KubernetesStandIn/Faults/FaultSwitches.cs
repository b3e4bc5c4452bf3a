namespace TransactionPipeline.KubernetesStandIn.Faults;

/// <summary>The faults that wait for a call.</summary>
public sealed class FaultSwitches
{
    private readonly Lock _lock = new();
    private readonly List<(FaultRule Rule, int Left)> _rules = [];
    private TaskCompletionSource _cleared = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the rules are cleared, so that slow answers held by them go out.</summary>
    public Task Cleared
    {
        get
        {
            lock (_lock) return _cleared.Task;
        }
    }

    public void Add(FaultRule rule)
    {
        lock (_lock) _rules.Add((rule, rule.Times));
    }

    public void Clear()
    {
        lock (_lock)
        {
            _rules.Clear();
            _cleared.SetResult();
            _cleared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Takes the first rule that matches, and uses it up by one.</summary>
    public FaultRule? Take(string verb, string resource, Func<FaultKind, bool> applies)
    {
        lock (_lock)
        {
            for (var i = 0; i < _rules.Count; i++)
            {
                var (rule, left) = _rules[i];
                if (!applies(rule.Kind) || !Is(rule.Verb, verb) || !Is(rule.Resource, resource)) continue;
                if (left == 1) _rules.RemoveAt(i);
                else _rules[i] = (rule, left - 1);
                return rule;
            }

            return null;
        }
    }

    private static bool Is(string? wanted, string actual) => wanted is null || string.Equals(wanted, actual, StringComparison.Ordinal);
}
