namespace TransactionPipeline.Contract.History;

/// <summary>A rule of the contract that a history breaks.</summary>
/// <param name="Rule">The rule's name.</param>
/// <param name="Event">Where it shows.</param>
/// <param name="Why">What is wrong with it.</param>
public sealed record Violation(string Rule, HistoryEvent Event, string Why)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Rule}: {Why}\n  {HistoryText.Of(Event)}";
}
