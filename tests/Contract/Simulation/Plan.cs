namespace TransactionPipeline.Contract.Simulation;

/// <summary>A run, as data: what is configured, what happens, and the seed of all that is left to chance while it does.</summary>
internal sealed record Plan(ulong Schedule, Setup Setup, IReadOnlyList<Step> Steps)
{
    /// <summary>Written as the C# that makes it, for a regression test.</summary>
    public string ToCode() => $"""
        new Plan(
            {Schedule},
            new {Setup.ToString().Replace(" { ", "(").Replace(" }", ")").Replace(" = ", ": ").Replace("True", "true").Replace("False", "false")},
            [
        {string.Join('\n', Steps.Select(step => $"        {step},"))}
            ])
        """;
}
