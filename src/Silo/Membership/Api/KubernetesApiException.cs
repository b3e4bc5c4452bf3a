namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>A call to the Kubernetes API server that did not end well; the message says what to mend.</summary>
internal sealed class KubernetesApiException(KubernetesFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public KubernetesFault Fault { get; } = fault;

    /// <summary>How long the server asks to wait, if it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True where the same call may go through a moment later.</summary>
    public bool IsTransient => Fault is KubernetesFault.TooManyRequests or KubernetesFault.ServerError or KubernetesFault.Unreachable
        or KubernetesFault.TimedOut or KubernetesFault.CutOff;
}
