namespace TransactionPipeline.Silo.Membership.Resources;

/// <summary>The custom resource that is the membership table of one cluster.</summary>
/// <remarks>One object, so that a write is atomic and a read is a snapshot; its resourceVersion is the table's etag.</remarks>
internal sealed record SiloMembership
{
    public string ApiVersion { get; init; } = $"{MembershipApi.Group}/{MembershipApi.Version}";

    public string Kind { get; init; } = nameof(SiloMembership);

    public required ObjectMetadata Metadata { get; init; }

    public required SiloMembershipSpec Spec { get; init; }
}
