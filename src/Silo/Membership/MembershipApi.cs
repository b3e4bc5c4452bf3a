namespace TransactionPipeline.Silo.Membership;

/// <summary>Names that the chart's CRDs and Role, this client and the tests must agree on.</summary>
/// <remarks>
/// Compiled into the chart's tests as well, which have no Orleans: they compare the rendered Role with <see cref="Calls"/>, and the
/// silo's tests compare <see cref="Calls"/> with what an API server was really asked.
/// </remarks>
internal static class MembershipApi
{
    /// <summary>The API group of both custom resources.</summary>
    public const string Group = "transaction-pipeline.io";

    /// <summary>The version of both custom resources.</summary>
    public const string Version = "v1";

    /// <summary>One object of it holds the whole membership table of one cluster.</summary>
    public const string Tables = "silomemberships";

    /// <summary>One object of it a silo: when that silo last said that it is alive.</summary>
    /// <remarks>
    /// Not a coordination.k8s.io Lease, which would do as well: a right to write Leases can't be narrowed to names made at run time,
    /// so every silo could overwrite the leader election of anything else in the namespace.
    /// Not a field of the table either: a heartbeat would then change the table's resourceVersion and fail other silos' writes.
    /// </remarks>
    public const string Heartbeats = "siloheartbeats";

    /// <summary>The label by which a cluster's heartbeats are listed.</summary>
    public const string ClusterLabel = "transaction-pipeline.io/cluster";

    /// <summary>Every (resource, verb) that a running silo uses. The Role grants these and no others.</summary>
    /// <remarks>
    /// Deleting a table is missing on purpose: Orleans asks for it only from management tools, and a silo that can't delete the table
    /// can't take the whole cluster down.
    /// </remarks>
    public static IReadOnlyList<(string Resource, string Verb)> Calls { get; } =
    [
        (Tables, "create"),
        (Tables, "get"),
        (Tables, "update"),
        (Heartbeats, "create"),
        (Heartbeats, "delete"),
        (Heartbeats, "list"),
        (Heartbeats, "patch"),
    ];
}
