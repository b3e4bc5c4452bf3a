using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Grains.Query;

/// <summary>What a key's owner answers: a snapshot, a failure of the mart, or both when the snapshot is the last good one.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.owner-answer")]
internal sealed record OwnerAnswer
{
    /// <summary>The snapshot's version; none when there is no snapshot.</summary>
    [Id(0)] public VersionNote Version { get; init; }

    /// <summary>As <see cref="Snapshot.DataVersion"/>.</summary>
    [Id(1)] public string DataVersion { get; init; } = "";

    /// <summary>How long ago it was checked. A duration, so that clocks of two machines need not agree.</summary>
    [Id(3)] public TimeSpan CheckedAge { get; init; }

    /// <summary>The rows; null when the asker has them. Too many for one message are left out on their way to another silo.</summary>
    [Id(4)] public SnapshotRows? Rows { get; init; }

    /// <summary>True when the mart was queried for it, false when it was at hand or only checked.</summary>
    [Id(5)] public bool Queried { get; init; }

    /// <summary>What the mart's failure said; null when it did not fail.</summary>
    [Id(6)] public string? Error { get; init; }

    /// <summary>With <see cref="Error"/>: the kind of failure.</summary>
    [Id(7)] public MartFailure Failure { get; init; }

    /// <summary>With <see cref="Error"/>: when to ask again, if known.</summary>
    [Id(8)] public TimeSpan? RetryAfter { get; init; }

    /// <summary>The name of the silo that answered, for operators.</summary>
    [Id(9)] public string Silo { get; init; } = "";

    /// <summary>The owner's <see cref="VersionClock.Last"/>.</summary>
    [Id(10)] public long Clock { get; init; }

    /// <summary>How long ago the reading of the rows began; at least <see cref="CheckedAge"/>.</summary>
    [Id(11)] public TimeSpan DataAge { get; init; }

    public static OwnerAnswer Of(CachedAnswer answer, OwnerQuestion question, string silo, DateTimeOffset now)
    {
        var snapshot = answer.Snapshot;
        var checkedAge = answer.AgeAt(now);
        var isHeld = snapshot.Version == question.HeldVersion.ToVersion();
        return new OwnerAnswer
        {
            Version = VersionNote.Of(snapshot.Version),
            DataVersion = snapshot.DataVersion,
            CheckedAge = checkedAge,
            Rows = isHeld ? null : new SnapshotRows(snapshot.Rows),
            Queried = answer.Result == CacheResult.Miss,
            Error = answer.Error,
            Silo = silo,
            DataAge = now - snapshot.DataAsOf > checkedAge ? now - snapshot.DataAsOf : checkedAge,
        };
    }

    public static OwnerAnswer Of(MartException failed, string silo) =>
        new() { Error = failed.Message, Failure = failed.Failure, RetryAfter = failed.RetryAfter, Silo = silo };

    /// <summary>The answer as Core knows it.</summary>
    /// <param name="key">What was asked.</param>
    /// <param name="held">The snapshot that the question named.</param>
    /// <param name="asked">When it was asked: nothing in the answer is told to be younger than it is.</param>
    /// <exception cref="MartException">There is no snapshot in it.</exception>
    public CachedAnswer ToCachedAnswer(QueryKey key, Snapshot? held, DateTimeOffset asked)
    {
        if (Version == default) throw new MartException(Error ?? "the answer could not be made", Failure) { RetryAfter = RetryAfter };
        var snapshot = new Snapshot(key, Version.ToVersion(), DataVersion, asked - DataAge, asked - CheckedAge, Rows?.Rows ?? held!.Rows);
        if (Error is not null) return new(snapshot, CacheResult.StaleOnError, Error);
        return new(snapshot, Queried ? CacheResult.Miss : CacheResult.Revalidated);
    }
}
