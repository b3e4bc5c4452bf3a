namespace TransactionPipeline.Contract.History;

/// <summary>A question with its answer.</summary>
/// <param name="Asked">The question.</param>
/// <param name="Answer">The answer.</param>
internal sealed record Exchange(Asked Asked, Answered Answer)
{
    /// <summary>The rows that the client has now: the answer's own, or those that it had when it was told that they are still right.</summary>
    public string? Content { get; init; } = Answer.Content;

    /// <summary>The mart's state that the rows are, see <see cref="MonthHistory.NewestWith"/>; -1 when there is none.</summary>
    public int State { get; init; } = -1;

    /// <summary>A server's error, which 504 to <c>only-if-cached</c> is not.</summary>
    public bool IsError => Answer.Status >= 500 && !(Answer.Status == 504 && Asked.OnlyIfCached);

    /// <summary>How long it took.</summary>
    public TimeSpan Took => Answer.At - Asked.At;
}
