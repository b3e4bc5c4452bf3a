namespace TransactionPipeline.Silo.Membership.Resources;

/// <summary>The part of Kubernetes' object metadata that membership uses.</summary>
internal sealed record ObjectMetadata
{
    public string? Name { get; init; }

    /// <summary>Changes with each write of the object; sent back in a PUT, it makes the server refuse all but the first.</summary>
    public string? ResourceVersion { get; init; }

    public Dictionary<string, string>? Labels { get; init; }
}
