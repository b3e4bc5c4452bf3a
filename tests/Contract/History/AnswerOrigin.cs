namespace TransactionPipeline.Contract.History;

/// <summary>How an answer came, as <c>Cache-Status</c> tells it.</summary>
public enum AnswerOrigin
{
    /// <summary><c>hit</c>: fresh, from memory.</summary>
    Hit,

    /// <summary><c>hit; detail=stale-while-revalidate</c>: refreshed behind the answer.</summary>
    Stale,

    /// <summary><c>fwd=stale; fwd-status=304</c>: the mart said that nothing had changed.</summary>
    Revalidated,

    /// <summary><c>fwd=miss</c>: the mart was queried.</summary>
    Miss,

    /// <summary><c>hit; detail=stale-if-error</c>: the mark of the last good answer.</summary>
    StaleIfError,
}
