using System.Diagnostics.Metrics;
using TransactionPipeline.Silo.Membership.Api;

namespace TransactionPipeline.Silo.Membership;

/// <summary>How the calls to the API server fare. The host exports the meter by <see cref="MeterName"/>.</summary>
public sealed class MembershipMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "TransactionPipeline.Membership";

    private readonly Histogram<double> _duration;

    /// <summary>Makes the instruments.</summary>
    /// <param name="meters">The host's factory.</param>
    public MembershipMetrics(IMeterFactory meters)
    {
        // One histogram: its count by outcome is the error rate, and a second instrument would only say the same again.
        _duration = meters.Create(MeterName).CreateHistogram<double>(
            "membership.api.call.duration", "s", "Calls to the Kubernetes API server for Orleans membership, by verb, resource and outcome");
    }

    /// <summary>Counts one call.</summary>
    internal void Called(KubernetesCall call, KubernetesFault? fault, TimeSpan took) => _duration.Record(
        took.TotalSeconds,
        new("verb", call.Verb),
        new("resource", call.Resource),
        new("outcome", fault?.ToString() ?? "Ok"));
}
