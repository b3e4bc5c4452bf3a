namespace TransactionPipeline.KubernetesStandIn.Faults;

/// <summary>One fault for the next calls that match.</summary>
/// <param name="Kind">What goes wrong.</param>
public sealed record FaultRule(FaultKind Kind)
{
    /// <summary>Only calls of this verb, null for all.</summary>
    public string? Verb { get; init; }

    /// <summary>Only calls on this resource, null for all.</summary>
    public string? Resource { get; init; }

    /// <summary>How many calls go wrong before the rule is used up.</summary>
    public int Times { get; init; } = 1;

    /// <summary>How long a slow answer takes, or what Retry-After says.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);
}
