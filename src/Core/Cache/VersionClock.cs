namespace TransactionPipeline.Core.Cache;

/// <summary>
/// A process's clock of versions: what it issues is above all that it has issued or seen, in questions, answers and stored rows. It goes
/// with the wall clock as long as that is right, and is not held up by one that goes back or is wrong by years. Safe to call from any thread.
/// </summary>
/// <param name="time">The wall clock.</param>
/// <param name="issuer">This process: a random number, another at each start.</param>
public sealed class VersionClock(TimeProvider time, long issuer)
{
    /// <summary>How far other processes' clocks may be ahead of this one before a caller's version is taken for made up.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromDays(1);

    /// <summary>The end of the year 9999: above it nothing was ever issued, and above it nothing could be.</summary>
    private static readonly long MaxTime = Microseconds(DateTimeOffset.MaxValue);

    private long _last;

    /// <summary>The highest time that was issued or seen.</summary>
    public long Last => Interlocked.Read(ref _last);

    /// <summary>A new version: above <paramref name="known"/>, and above every one that this process issued or saw before.</summary>
    public SnapshotVersion Next(SnapshotVersion known = default)
    {
        Observe(known);
        while (true)
        {
            var last = Last;
            var next = Math.Max(last + 1, Microseconds(time.GetUtcNow()));
            if (Interlocked.CompareExchange(ref _last, next, last) == last) return new(next, issuer);
        }
    }

    /// <summary>Has what is issued from now on be above <paramref name="seen"/>.</summary>
    public void Observe(SnapshotVersion seen) => Observe(seen.Time);

    /// <summary>Has what is issued from now on be above the <see cref="Last"/> of another process.</summary>
    public void Observe(long seen)
    {
        if (seen > MaxTime) return;
        while (true)
        {
            var last = Last;
            if (seen <= last || Interlocked.CompareExchange(ref _last, seen, last) == last) return;
        }
    }

    /// <summary>Whether any process here can have issued it; false for what a caller has made up.</summary>
    public bool MayHaveBeenIssued(SnapshotVersion version) =>
        version.Time <= Math.Max(Last, Microseconds(time.GetUtcNow() + Tolerance));

    /// <summary>
    /// How long ago it was issued, by this process's clock; negative for one that is ahead, by a clock that is or by what its issuer knew.
    /// Only for what <see cref="MayHaveBeenIssued"/>.
    /// </summary>
    public TimeSpan AgeOf(SnapshotVersion version) => TimeSpan.FromMicroseconds(Microseconds(time.GetUtcNow()) - version.Time);

    private static long Microseconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
