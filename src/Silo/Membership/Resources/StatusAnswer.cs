namespace TransactionPipeline.Silo.Membership.Resources;

/// <summary>How the server words a failure.</summary>
internal sealed record StatusAnswer(string? Kind, string? Reason, string? Message, StatusDetails? Details);

/// <summary>What the failure is about.</summary>
internal sealed record StatusDetails(string? Name, string? Kind);
