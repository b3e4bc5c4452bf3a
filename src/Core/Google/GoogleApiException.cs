using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Google;

/// <summary>
/// A call to Google failed. It may be logged whole: its message names the reason, and its cause is a <see cref="CauseException"/>. Google's
/// own text, which may hold SQL and names of accounts, is in <see cref="Details"/> alone, for debug logs.
/// </summary>
public sealed class GoogleApiException : Exception
{
    /// <summary>A failure for <paramref name="reason"/>.</summary>
    public GoogleApiException(string reason, int status = 0, string details = "", Exception? cause = null)
        : base($"Google answered {reason} ({status}).", CauseException.Of(cause))
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

    /// <summary>False when the call surely did not leave this side: no token, no connection.</summary>
    public bool WasSent { get; init; } = true;

    /// <summary>When to ask again, if Google said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when the same call may work later.</summary>
    public bool IsTransient => GoogleReasons.IsTransient(Reason, Status);
}
