namespace TransactionPipeline.Contract.History.Rules;

/// <summary>Whoever asks and stays gets an answer, whatever happens to others.</summary>
internal sealed class EveryQuestionIsAnswered : IRule
{
    public IEnumerable<(HistoryEvent At, string Why)> Breaches(IndexedHistory history) => history.Unanswered.Select(asked => ((HistoryEvent)asked, "is not answered"));
}
