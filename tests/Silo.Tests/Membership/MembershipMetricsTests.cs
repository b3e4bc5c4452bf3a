using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using TransactionPipeline.KubernetesStandIn.Faults;
using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Silo.Tests.Membership;

public sealed class MembershipMetricsTests : MembershipTests
{
    [Fact]
    public async Task Calls_GoodAndBad_AreCountedByOutcome()
    {
        var outcomes = new ConcurrentQueue<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name is MembershipMetrics.MeterName && instrument.Meter.Scope == Client.MeterScope) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            var all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value?.ToString(), StringComparer.Ordinal);
            outcomes.Enqueue($"{all["verb"]} {all["resource"]} {all["outcome"]}");
        });
        listener.Start();
        Server.Faults.Add(new FaultRule(FaultKind.ServerError) { Verb = "list" });

        await Table.ReadAllAsync();

        Assert.Equal(
            ["get silomemberships Ok", "list siloheartbeats Ok", "list siloheartbeats ServerError"],
            outcomes.Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }
}
