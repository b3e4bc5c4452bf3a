namespace TransactionPipeline.Contract.History;

/// <summary>
/// Something that happened, in the terms of the HTTP contract. A history is a list of them in the order of time; whoever writes it, a
/// simulation or a client of real processes, the same rules judge it.
/// </summary>
/// <param name="At">When, by the observer's clock, which no fault touches.</param>
public abstract record HistoryEvent(DateTimeOffset At);

/// <summary>A change of a month was committed in its mart; the first of a month is what it has in the beginning.</summary>
/// <param name="At">When it could be read by everybody.</param>
/// <param name="Month">The month.</param>
/// <param name="Rows">All rows of the month from now on, in the order of an answer.</param>
/// <param name="IsTold">
/// Whether the mart's change token became one that it never was before, when or after the rows became others. Where it showed before its
/// rows, or went back with them, a cache that looked in between cannot know of them until the next change.
/// </param>
public sealed record Changed(DateTimeOffset At, MartMonth Month, IReadOnlyList<SaleRow> Rows, bool IsTold = true) : HistoryEvent(At)
{
    /// <summary>From when on it may have been read by somebody: the beginning of a commit whose time nobody can tell; else the time of the change.</summary>
    public DateTimeOffset VisibleFrom { get; init; } = At;
}

/// <summary>A client asked.</summary>
/// <param name="At">When.</param>
/// <param name="Id">Tells the question from all others.</param>
/// <param name="Client">Who.</param>
/// <param name="Process">Which process: another one after a restart.</param>
/// <param name="Key">What.</param>
/// <param name="MaxAge">The oldest answer that the client takes, 0 for <c>no-cache</c>; null when it said nothing.</param>
/// <param name="OnlyIfCached"><c>only-if-cached</c>.</param>
/// <param name="IfNoneMatch">The version that the client has; null when it named none.</param>
public sealed record Asked(
    DateTimeOffset At, int Id, string Client, string Process, AnswerKey Key, TimeSpan? MaxAge = null, bool OnlyIfCached = false,
    AnswerVersion? IfNoneMatch = null) : HistoryEvent(At);

/// <summary>The answer to a question.</summary>
/// <param name="At">When it came.</param>
/// <param name="Id">The question.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Version">The <c>ETag</c>; null with an error.</param>
/// <param name="Origin">How it came, by <c>Cache-Status</c>; null with an error.</param>
/// <param name="Age">The header <c>Age</c>; null when it is not told.</param>
/// <param name="DataAsOf">The header <c>X-Data-As-Of</c>, as far before <paramref name="At"/> as it is before the header <c>Date</c>; null when it is not told.</param>
/// <param name="Content">The rows, as <see cref="SaleRow.Text(IEnumerable{SaleRow})"/> writes them; null unless the status is 200.</param>
public sealed record Answered(
    DateTimeOffset At, int Id, int Status, AnswerVersion? Version = null, AnswerOrigin? Origin = null, TimeSpan? Age = null,
    DateTimeOffset? DataAsOf = null, string? Content = null) : HistoryEvent(At)
{
    /// <summary>The earliest time at which its age may have been told; when it came, unless the observer knows better.</summary>
    public DateTimeOffset WrittenAt { get; init; } = At;
}

/// <summary>A question that nobody will hear the answer of: its client went away, or the process that it asked.</summary>
/// <param name="At">When.</param>
/// <param name="Id">The question.</param>
public sealed record Abandoned(DateTimeOffset At, int Id) : HistoryEvent(At);

/// <summary>A mart began to read rows.</summary>
/// <param name="At">When.</param>
/// <param name="Id">Tells the query from all others.</param>
/// <param name="Key">What is read.</param>
public sealed record QueryBegan(DateTimeOffset At, int Id, AnswerKey Key) : HistoryEvent(At);

/// <summary>A mart's query ended.</summary>
/// <param name="At">When.</param>
/// <param name="Id">The query.</param>
/// <param name="Succeeded">False when it failed or was given up.</param>
public sealed record QueryEnded(DateTimeOffset At, int Id, bool Succeeded) : HistoryEvent(At);

/// <summary>What a process with nothing to do holds in memory for its answers.</summary>
/// <param name="At">When.</param>
/// <param name="Process">Which process.</param>
/// <param name="Bytes">How many bytes.</param>
public sealed record Weighed(DateTimeOffset At, string Process, long Bytes) : HistoryEvent(At);

/// <summary>How many months a process has looked at, as somebody has asked for them.</summary>
/// <param name="At">When.</param>
/// <param name="Process">Which process.</param>
/// <param name="Months">How many.</param>
public sealed record Watched(DateTimeOffset At, string Process, int Months) : HistoryEvent(At);

/// <summary>A process heard that the shared store refused rows that were just read, as the lease that they were read under was another's by then.</summary>
/// <param name="At">When it heard.</param>
/// <param name="Key">Of what.</param>
/// <param name="Version">The version that they would have had.</param>
public sealed record CommitRefused(DateTimeOffset At, AnswerKey Key, AnswerVersion Version) : HistoryEvent(At);

/// <summary>An operator dropped an answer: what was held and stored of it is gone.</summary>
/// <param name="At">When.</param>
/// <param name="Key">Which.</param>
public sealed record Dropped(DateTimeOffset At, AnswerKey Key) : HistoryEvent(At);

/// <summary>A fault began, or is over.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What.</param>
/// <param name="Where">Of what, for people.</param>
/// <param name="IsOver">Whether this is its end; what happens at once begins and ends at the same time.</param>
public sealed record Fault(DateTimeOffset At, FaultKind Kind, string Where, bool IsOver = false) : HistoryEvent(At)
{
    /// <summary>The only mart that it is a fault of; null when it concerns them all.</summary>
    public string? Mart { get; init; }
}
