namespace TransactionPipeline.Silo.Membership.Resources;

/// <summary>The custom resource in which one silo alone says that it is alive.</summary>
internal sealed record SiloHeartbeat
{
    public string ApiVersion { get; init; } = $"{MembershipApi.Group}/{MembershipApi.Version}";

    public string Kind { get; init; } = nameof(SiloHeartbeat);

    public required ObjectMetadata Metadata { get; init; }

    public required SiloHeartbeatSpec Spec { get; init; }
}
