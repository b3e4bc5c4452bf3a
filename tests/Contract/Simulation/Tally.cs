using System.Text;
using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>What was in many runs.</summary>
internal sealed class Tally
{
    private readonly SortedDictionary<FaultKind, int> _faults = [];
    private readonly SortedDictionary<string, int> _violations = new(StringComparer.Ordinal);
    private long _events;
    private long _questions;

    public long Runs { get; private set; }

    public void Add(RunResult result)
    {
        Runs++;
        _events += result.History.Count;
        foreach (var happened in result.History)
        {
            if (happened is Asked) _questions++;
            else if (happened is Fault { IsOver: false, Kind: var kind }) _faults[kind] = _faults.GetValueOrDefault(kind) + 1;
        }
        foreach (var rule in result.Violations.Select(violation => violation.Rule).Distinct()) _violations[rule] = _violations.GetValueOrDefault(rule) + 1;
    }

    public override string ToString()
    {
        var text = new StringBuilder($"{Runs} runs, {_events} events, {_questions} questions, {_violations.Values.Sum()} violations");
        foreach (var (rule, times) in _violations) text.Append($"\n  {rule} {times}");
        text.Append($"\nFaults: {string.Join(", ", _faults.Select(fault => $"{fault.Key} {fault.Value}"))}");
        return text.ToString();
    }
}
