using System.Text.Json.Nodes;

namespace TransactionPipeline.KubernetesStandIn.Storage;

/// <summary>Where an object is kept; the version is no part of it.</summary>
public sealed record ObjectKey(string Group, string Plural, string Namespace, string Name);

/// <summary>One change, in the order of revisions. The value is the object after the change, or the last one before a deletion.</summary>
public sealed record Change(long Revision, string Type, ObjectKey Key, JsonObject Value);
