namespace TransactionPipeline.Core.Cache;

/// <summary>A snapshot and how it came to be served.</summary>
/// <param name="Snapshot">The rows and their age.</param>
/// <param name="CheckedAt">When the rows were last known to be right: the snapshot's own, or its month's when that is later.</param>
/// <param name="Result">How it came.</param>
/// <param name="Error">With <see cref="CacheResult.StaleOnError"/>: what the mart's failure said; else null.</param>
public readonly record struct CachedAnswer(Snapshot Snapshot, DateTimeOffset CheckedAt, CacheResult Result, string? Error = null)
{
    /// <summary>An answer that is as old as its snapshot.</summary>
    public CachedAnswer(Snapshot snapshot, CacheResult result, string? error = null)
        : this(snapshot, snapshot.CheckedAt, result, error)
    {
    }

    /// <summary>Time since the rows were last known to be right: the answer's <c>Age</c>.</summary>
    public TimeSpan AgeAt(DateTimeOffset now) => now > CheckedAt ? now - CheckedAt : TimeSpan.Zero;
}

/// <summary>How an answer came to be served.</summary>
public enum CacheResult
{
    /// <summary>Fresh, from memory.</summary>
    Hit,

    /// <summary>Past fresh_for, within stale_for: served at once, a refresh runs behind it.</summary>
    Stale,

    /// <summary>The caller waited; the mart said that nothing had changed.</summary>
    Revalidated,

    /// <summary>The caller waited for a query.</summary>
    Miss,

    /// <summary>The mart failed; this is the last good answer.</summary>
    StaleOnError,
}

/// <summary>The results' names in headers, logs and metrics.</summary>
public static class CacheResultNames
{
    /// <summary>
    /// <c>hit</c>, <c>stale</c>, <c>revalidated</c>, <c>miss</c> or <c>stale-if-error</c>: constants, which the hot path need not make.
    /// </summary>
    public static string Word(this CacheResult result) => result switch
    {
        CacheResult.Hit => "hit",
        CacheResult.Stale => "stale",
        CacheResult.Revalidated => "revalidated",
        CacheResult.Miss => "miss",
        CacheResult.StaleOnError => "stale-if-error",
        _ => throw new ArgumentOutOfRangeException(nameof(result), result, "There is no such result."),
    };
}
