namespace TransactionPipeline.Core.Marts;

/// <summary>
/// A mart could not answer. <see cref="Exception.Message"/> is shown to API clients after <c>Query error: </c>: it says what a person
/// can act on and never holds a host name, a credential or SQL. It may be logged whole: <see cref="Exception.InnerException"/> is the
/// cause as <see cref="CauseException"/> leaves it.
/// </summary>
public sealed class MartException : Exception
{
    /// <summary>A failure that says <paramref name="message"/>, caused by <paramref name="cause"/>.</summary>
    public MartException(string message, MartFailure failure = MartFailure.Failed, Exception? cause = null)
        : base(message, CauseException.Of(cause)) => Failure = failure;

    /// <summary>What a caller may do about it.</summary>
    public MartFailure Failure { get; }

    /// <summary>With <see cref="MartFailure.Unavailable"/>: when to ask again; null when not known.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>The kinds of mart failure, by what may be done about them.</summary>
public enum MartFailure
{
    /// <summary>The same question will fail again: bad schema, no access, over the byte cap. Answered 500, not retried.</summary>
    Failed,

    /// <summary>It may work when asked again: connection lost, rate limit, time-out. Retried; then answered 500.</summary>
    Transient,

    /// <summary>Not asked at all: the breaker is open or the budget is spent. Answered 503 with Retry-After.</summary>
    Unavailable,
}
