namespace TransactionPipeline.Core.Cache;

/// <summary>
/// What is known of one month of a mart at one moment, whatever its keys: the newest change token that anybody here has heard of. That a
/// month is unchanged is said once, here, however many keys it has.
/// </summary>
/// <param name="DataVersion">The change token; null while none is known.</param>
/// <param name="AsOf">When the look at it began.</param>
internal sealed record MonthState(string? DataVersion, DateTimeOffset AsOf)
{
    /// <summary>Nothing is known.</summary>
    public static MonthState Unknown { get; } = new(null, DateTimeOffset.MinValue);

    /// <summary>
    /// The same before the last change, so that what was right until then is known to have been: each key keeps it when it is told of the
    /// change. Null while there was none.
    /// </summary>
    private MonthState? Earlier { get; init; }

    /// <summary>The month's change token was <paramref name="dataVersion"/> as of <paramref name="asOf"/>; what was known later stands.</summary>
    /// <param name="dataVersion">The token.</param>
    /// <param name="asOf">When the look at it began.</param>
    /// <param name="now">
    /// What is known from later than now is from before the clock went back, and gives way; what is heard from later than now has no age, and
    /// is not taken.
    /// </param>
    public MonthState Heard(string dataVersion, DateTimeOffset asOf, DateTimeOffset now) =>
        asOf > now || (asOf < AsOf && AsOf <= now) ? this
        : dataVersion == DataVersion ? this with { AsOf = asOf }
        : new(dataVersion, asOf) { Earlier = DataVersion is null || AsOf > now ? null : this with { Earlier = null } };

    /// <summary>The same snapshot; the text of a token that is the month's is kept once for all its keys.</summary>
    public Snapshot Share(Snapshot snapshot) =>
        IsOf(snapshot) && !ReferenceEquals(snapshot.DataVersion, DataVersion) ? snapshot with { DataVersion = DataVersion! } : snapshot;

    /// <summary>When <paramref name="snapshot"/> was last known to be unchanged: by its own reading or check, or by the month's.</summary>
    public DateTimeOffset CheckedAt(Snapshot snapshot) =>
        IsOf(snapshot) ? (AsOf > snapshot.CheckedAt ? AsOf : snapshot.CheckedAt) : Earlier?.CheckedAt(snapshot) ?? snapshot.CheckedAt;

    /// <summary>Whether the mart has had other data since.</summary>
    public bool Outdates(Snapshot snapshot) => DataVersion is not null && !IsOf(snapshot);

    /// <summary>Whether the snapshot was read under this very token.</summary>
    public bool IsOf(Snapshot snapshot) => snapshot.DataVersion == DataVersion;
}
