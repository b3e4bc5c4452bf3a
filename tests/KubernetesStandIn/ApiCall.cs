namespace TransactionPipeline.KubernetesStandIn;

/// <summary>One call in the words of RBAC.</summary>
public sealed record ApiCall(string Verb, string Group, string Resource, string Subresource, string Namespace, string Name);
