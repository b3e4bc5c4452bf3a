using System.Security.Cryptography.X509Certificates;

namespace TransactionPipeline.KubernetesStandIn;

/// <summary>How a stand-in starts.</summary>
public sealed record StandInOptions
{
    /// <summary>The loopback port, 0 for a free one.</summary>
    public int Port { get; init; }

    /// <summary>The namespaces that exist from the start, besides default.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Folders or files of YAML manifests that exist from the start, above all CRDs.</summary>
    public IReadOnlyList<string> Manifests { get; init; } = [];

    /// <summary>Serves https with it; null for plain http.</summary>
    public X509Certificate2? Certificate { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
