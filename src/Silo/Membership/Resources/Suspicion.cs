namespace TransactionPipeline.Silo.Membership.Resources;

/// <summary>One silo's vote that another is dead.</summary>
internal sealed record Suspicion(string By, DateTime At);
