using System.Text;
using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>A run that breaks the contract, told to a person: the plan, what happened inside and outside, and what is wrong with it.</summary>
internal static class Story
{
    public static string Of(Plan plan)
    {
        var (result, trace) = Run.Traced(plan);
        var story = new StringBuilder().AppendLine(plan.ToCode());
        var told = 0;
        for (var i = 0; i <= result.History.Count; i++)
        {
            for (; told < trace.Count && trace[told].AfterEvents <= i; told++) story.AppendLine($"    {trace[told].What}");
            if (i < result.History.Count) story.AppendLine(HistoryText.Of(result.History[i]));
        }
        foreach (var violation in result.Violations) story.AppendLine($"{violation}");
        return story.ToString();
    }
}
