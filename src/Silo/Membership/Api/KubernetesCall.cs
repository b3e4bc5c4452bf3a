namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>One call in the words of RBAC, so that a refusal can name the rule that is missing.</summary>
internal sealed record KubernetesCall(string Verb, string Resource, string Namespace, string? Name)
{
    public override string ToString() => $"{Verb} {Resource}.{MembershipApi.Group}{(Name is null ? "" : "/" + Name)} in namespace {Namespace}";
}
