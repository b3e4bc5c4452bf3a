namespace TransactionPipeline.Core.Google;

/// <summary>
/// A call to Google failed. Its message names the reason only; Google's own text, which may hold hosts, SQL and names of accounts, is in
/// <see cref="Details"/>, for debug logs.
/// </summary>
public sealed class GoogleApiException : Exception
{
    /// <summary>A failure for <paramref name="reason"/>.</summary>
    public GoogleApiException(string reason, int status = 0, string details = "", Exception? cause = null)
        : base($"Google answered {reason} ({status}).", cause)
    {
        Reason = reason;
        Status = status;
        Details = details;
    }

    /// <summary>Google's <c>reason</c>, or one of <see cref="GoogleReasons"/>.</summary>
    public string Reason { get; }

    /// <summary>The HTTP status; 0 when there was no answer.</summary>
    public int Status { get; }

    /// <summary>Google's message.</summary>
    public string Details { get; }

    /// <summary>When to ask again, if Google said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when the same call may work later.</summary>
    public bool IsTransient => GoogleReasons.IsTransient(Reason, Status);
}
