namespace TransactionPipeline.Contract.History;

/// <summary>What the processes of a history were configured with, and how exactly it was observed.</summary>
/// <param name="FreshFor"><c>cache:fresh_for_seconds</c>.</param>
/// <param name="StaleFor"><c>cache:stale_for_seconds</c>.</param>
/// <param name="MaxStaleOnError"><c>cache:max_stale_on_error_seconds</c>.</param>
/// <param name="ClockSkew">How far clocks may drift apart in the time of the history; and how far ages may be off where processes compare their clocks.</param>
/// <param name="MaxBytes"><c>cache:max_bytes</c>.</param>
public sealed record Terms(TimeSpan FreshFor, TimeSpan StaleFor, TimeSpan MaxStaleOnError, TimeSpan ClockSkew, long MaxBytes)
{
    /// <summary>How much more than its header an answer's age may be: a second over HTTP, which tells whole ones.</summary>
    public TimeSpan AgeStep { get; init; }

    /// <summary>
    /// How long a failure shows after it is over: failures that are on their way, and a store that is left alone for a while.
    /// </summary>
    public TimeSpan Aftermath { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a check may be known to a process before the shared store knows of it.</summary>
    public TimeSpan StoreLag { get; init; }

    /// <summary>False where a clock was further off than <see cref="ClockSkew"/>: then order and marks are judged, and no age.</summary>
    public bool JudgesAges { get; init; } = true;

    /// <summary>Whether a change of one month makes another token of all, so that all may be read again.</summary>
    public bool HasOneToken { get; init; }

    /// <summary>Whether memory is so small that answers leave it.</summary>
    public bool MayEvict { get; init; }
}
