using System.Text;
using System.Text.RegularExpressions;
using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>What a run came to, for people.</summary>
internal static partial class ChaosReport
{
    /// <summary>Beyond this nobody reads on.</summary>
    private const int MaxStories = 3;
    private const int LogLines = 20;
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(10);

    /// <summary>How much was asked, answered, changed and harmed.</summary>
    public static string Figures(ChaosSettings settings, ChaosRun run, IReadOnlyList<Violation> violations, TimeSpan judged)
    {
        var history = run.History;
        var text = new StringBuilder();
        text.AppendLine($"CHAOS_SEED={settings.Seed}, {settings.Time.TotalMinutes:0.#} minutes of faults");
        text.AppendLine($"{history.OfType<Asked>().Count()} requests, {history.OfType<Abandoned>().Count()} abandoned");
        foreach (var answers in history.OfType<Answered>().GroupBy(answer => (answer.Status, answer.Origin)).OrderBy(answers => answers.Key))
            text.AppendLine($"  {answers.Key.Status} {answers.Key.Origin}: {answers.Count()}");
        text.AppendLine($"{history.OfType<Changed>().Count()} changes, {run.UncertainCommits} of uncertain commit");
        text.AppendLine($"{run.Faults.Done.Values.Sum()} faults");
        foreach (var (fault, times) in run.Faults.Done.OrderBy(done => done.Key, StringComparer.Ordinal)) text.AppendLine($"  {fault}: {times}");
        text.AppendLine($"{run.Fleet.All.Count} silos, {run.Fleet.FailedStarts.Count} of them in vain; {run.Fleet.LeftForDead} left, having been taken for dead");
        foreach (var reason in run.Fleet.FailedStarts.GroupBy(ReasonOf, StringComparer.Ordinal)) text.AppendLine($"  {reason.Count()} x {reason.Key}");
        foreach (var silo in run.Fleet.LeftInDisorder) text.AppendLine($"  {silo.Name} ended with {silo.Process.ExitCode}: {ReasonOf(silo)}");
        text.Append($"{violations.Count} violations, judged in {judged.TotalSeconds:F1} s");
        return text.ToString();
    }

    /// <summary>What each silo said last.</summary>
    public static string Logs(ChaosFleet fleet)
    {
        var text = new StringBuilder();
        foreach (var silo in fleet.All)
        {
            text.AppendLine().AppendLine($"{silo.Name} said last:");
            foreach (var line in silo.Process.Log.Text.Split('\n').TakeLast(LogLines)) text.AppendLine($"  {line}");
        }
        return text.ToString();
    }

    /// <summary>Violations, each with what happened around it, and the ends of the logs.</summary>
    public static string Stories(ChaosRun run, IReadOnlyList<Violation> violations)
    {
        var history = run.History;
        var asked = history.OfType<Asked>().ToDictionary(one => one.Id);
        var text = new StringBuilder();
        foreach (var rule in violations.GroupBy(violation => violation.Rule)) text.AppendLine($"{rule.Key}: {rule.Count()}");
        foreach (var violation in violations.DistinctBy(violation => violation.Rule).Concat(violations).Distinct().Take(MaxStories))
        {
            text.AppendLine().AppendLine(violation.ToString());
            foreach (var happened in history)
            {
                if ((happened.At - violation.Event.At).Duration() <= Around && Concerns(happened, KeyOf(violation.Event)))
                    text.AppendLine($"  {(ReferenceEquals(happened, violation.Event) ? ">" : " ")} {HistoryText.Of(happened)}");
            }
        }
        return text.Append(Logs(run.Fleet)).ToString();

        AnswerKey? KeyOf(HistoryEvent happened) => happened switch
        {
            Asked one => one.Key,
            Answered answer => asked[answer.Id].Key,
            Abandoned abandoned => asked[abandoned.Id].Key,
            _ => null,
        };

        bool Concerns(HistoryEvent happened, AnswerKey? key) =>
            happened is Fault || (happened is Changed change && change.Month == key?.Month) || (key is not null && KeyOf(happened) == key);
    }

    private static string ReasonOf(ChaosSilo silo) =>
        Digits().Replace(silo.Process.Log.ErrorLines is { Count: > 0 } errors ? errors[^1] : "without a word", "#");

    [GeneratedRegex("[0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Digits();
}
