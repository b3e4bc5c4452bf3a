using System.Text.Json.Serialization.Metadata;

namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>A kind of custom resource: its plural in addresses and RBAC rules, and how it is read and written.</summary>
internal sealed record KubernetesResource<T>(string Plural, JsonTypeInfo<T> Json);
