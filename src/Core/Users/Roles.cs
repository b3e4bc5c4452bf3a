namespace TransactionPipeline.Core.Users;

/// <summary>What a user may do.</summary>
public static class Roles
{
    /// <summary>Reads answers and the dashboard.</summary>
    public const string Viewer = "viewer";

    /// <summary>Uploads transactions.</summary>
    public const string Ingestor = "ingestor";

    /// <summary>Starts pipeline runs, sees and drops cached answers.</summary>
    public const string Operator = "operator";

    /// <summary>Every role.</summary>
    public static IReadOnlyList<string> All { get; } = [Viewer, Ingestor, Operator];
}
