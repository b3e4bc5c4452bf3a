namespace TransactionPipeline.KubernetesStandIn.Faults;

/// <summary>The faults that wait for a call.</summary>
public sealed class FaultSwitches
{
    private readonly Lock _lock = new();
    private readonly List<(FaultRule Rule, int Left)> _rules = [];
    private TaskCompletionSource _cleared = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
    /// <remarks>
    /// <paramref name="cleared"/> ends when the rules are cleared, so that slow answers held by them go out. It comes
    /// together with the rule: asked for later, a clearing in between would go unheard.
    /// </remarks>
    public FaultRule? Take(string verb, string resource, Func<FaultKind, bool> applies, out Task cleared)
    {
        lock (_lock)
        {
            cleared = _cleared.Task;
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
