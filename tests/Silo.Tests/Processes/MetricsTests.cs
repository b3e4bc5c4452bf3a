using System.Text.RegularExpressions;
using TransactionPipeline.Silo.Membership;
using TransactionPipeline.Silo.Membership.Api;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>What operators alert on is what a silo says of itself at <c>/metrics</c>.</summary>
[Collection(FleetGroup.Name)]
public sealed partial class MetricsTests(SiloFleet fleet)
{
    [Fact]
    public async Task Metrics_OfASilo_CountItsCallsOfTheApiServer()
    {
        var metrics = await ScrapeAsync();

        foreach (var (resource, verb) in new[] { (MembershipApi.Tables, "get"), (MembershipApi.Heartbeats, "list") })
        {
            var labels = $@"\{{[^}}]*outcome=""Ok""[^}}]*resource=""{resource}""[^}}]*verb=""{verb}""[^}}]*\}}";
            Assert.Matches($"(?m)^membership_api_call_duration_seconds_count{labels} [1-9]", metrics);
        }
    }

    [Fact]
    public async Task Alerts_OfTheOperatorsPage_NameMetricsAndOutcomesThatExist()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "operating.md"));
        var alerts = page[page.IndexOf("## Alerts", StringComparison.Ordinal)..page.IndexOf("## A silo hangs", StringComparison.Ordinal)];
        var names = Names().Matches(alerts).Select(name => name.Value).Distinct(StringComparer.Ordinal).ToList();
        var outcomes = Outcomes().Matches(alerts)
            .SelectMany(one => one.Groups["values"].Value.Replace("\\", "", StringComparison.Ordinal).Split('|')).ToList();
        var metrics = await ScrapeAsync();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Matches($@"(?m)^{name}(\{{| )", metrics));
        Assert.True(outcomes.Count >= 9, string.Join(' ', outcomes));
        Assert.All(outcomes, outcome => Assert.Contains(outcome, Enum.GetNames<KubernetesFault>(), StringComparer.Ordinal));
    }

    private async Task<string> ScrapeAsync()
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri(fleet.Members[0].Address, "/metrics"));
    }

    // The kube_ figures are kube-state-metrics' own.
    [GeneratedRegex(
        "(?<![a-z_])(?!kube_)[a-z]+(_[a-z]+)*_(count|sum|bucket|total)(?![a-z_])",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Names();

    [GeneratedRegex("outcome=~?\"(?<values>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Outcomes();
}
