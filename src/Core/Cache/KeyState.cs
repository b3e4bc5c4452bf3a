using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// What a key knows at one moment: immutable, with pure transitions and one pure judgement. What is known of its month is
/// <see cref="MonthState"/>.
/// </summary>
internal sealed record KeyState
{
    /// <summary>Nothing is known, not even whether something is stored.</summary>
    public static KeyState Unknown { get; } = new();

    /// <summary>The newest snapshot known here; null while there is none.</summary>
    public Snapshot? Snapshot { get; private init; }

    /// <summary>The last refresh failed; null when it did not.</summary>
    public KeyFailure? Failure { get; private init; }

    /// <summary>What is stored has been looked for.</summary>
    public bool IsLoaded { get; private init; }

    /// <summary>Refreshes under way: the asking of an owner, the work under the lease, or both.</summary>
    private int Refreshes { get; init; }

    /// <summary>A refresh is under way.</summary>
    public bool IsRefreshing => Refreshes > 0;

    /// <summary>What is stored has been looked for; what was found was adopted.</summary>
    public KeyState Loaded() => IsLoaded ? this : this with { IsLoaded = true };

    /// <summary>A refresh began.</summary>
    public KeyState Began() => this with { Refreshes = Refreshes + 1 };

    /// <summary>The refresh ended; what it came to was adopted.</summary>
    public KeyState Refreshed() => this with { Refreshes = Math.Max(0, Refreshes - 1), Failure = null };

    /// <summary>The refresh ended without a result of its own: another process is at work.</summary>
    public KeyState LeftToAnother() => this with { Refreshes = Math.Max(0, Refreshes - 1) };

    /// <summary>The refresh failed: nothing was renewed.</summary>
    public KeyState Failed(KeyFailure failure) => this with { Refreshes = Math.Max(0, Refreshes - 1), Failure = failure };

    /// <summary>What was held is dropped, in the store too.</summary>
    public KeyState Forgotten() => Unknown with { IsLoaded = true, Refreshes = Refreshes };

    /// <summary>What the month says of its snapshot is its own from now on: the month will forget it.</summary>
    public KeyState Checked(MonthState month) =>
        Snapshot is { } held && month.CheckedAt(held) is var checkedAt && checkedAt > held.CheckedAt ? this with { Snapshot = held with { CheckedAt = checkedAt } } : this;

    /// <summary>Takes a snapshot over when it is newer than what is held, by its version and by what is known of the mart.</summary>
    /// <returns>This very state when it is not.</returns>
    public KeyState Adopted(Snapshot snapshot, MonthState month)
    {
        if (Snapshot is { } held)
        {
            if (held.Version > snapshot.Version || (held.Version == snapshot.Version && held.CheckedAt >= snapshot.CheckedAt)) return this;
            // Versions order what was issued, not what is so: the mart is known to have had what is held after this was checked.
            if (!month.IsOf(snapshot) && held.DataVersion != snapshot.DataVersion && snapshot.CheckedAt < month.CheckedAt(held)) return this;
            // One version has one content, and one time: told by another clock, it would be a little off.
            if (held.Version == snapshot.Version && held.DataVersion == snapshot.DataVersion) return this with { Snapshot = held with { CheckedAt = snapshot.CheckedAt } };
        }
        return this with { Snapshot = snapshot };
    }

    /// <summary>What may be done for a caller now.</summary>
    public Judgement Judge(CacheDemand demand, MonthState month, CacheOptions options, DateTimeOffset now)
    {
        if (Snapshot is not { } snapshot || snapshot.Version < demand.MinVersion) return Without(demand);
        var checkedAt = month.CheckedAt(snapshot);
        var age = now - checkedAt;
        if (demand.MaxAge is { } limit && (age > limit || limit == TimeSpan.Zero)) return Without(demand);
        var isOutdated = month.Outdates(snapshot);
        if (age <= options.FreshFor && !isOutdated) return new(Verdict.Serve, new(snapshot, checkedAt, CacheResult.Hit));

        var stale = new CachedAnswer(snapshot, checkedAt, Failure is null ? CacheResult.Stale : CacheResult.StaleOnError, Failure?.Error.Message);
        if (Failure is not null && now < Failure.RetryAt && age <= options.MaxStaleOnError) return new(Verdict.Serve, stale);
        if (age > options.FreshFor + options.StaleFor || (isOutdated && !IsRefreshing)) return Without(demand);
        return new(demand.OnlyIfCached ? Verdict.Serve : Verdict.ServeAndRefresh, stale);
    }

    /// <summary>The last good answer, after a failure that a caller has waited for; null when none may be served.</summary>
    public CachedAnswer? LastGood(CacheDemand demand, MonthState month, CacheOptions options, DateTimeOffset now, MartException error)
    {
        if (Snapshot is not { } last || last.Version < demand.MinVersion) return null;
        var checkedAt = month.CheckedAt(last);
        return now - checkedAt > options.MaxStaleOnError ? null : new(last, checkedAt, CacheResult.StaleOnError, error.Message);
    }

    private Judgement Without(CacheDemand demand) =>
        new(!IsLoaded ? Verdict.Load : demand.OnlyIfCached ? Verdict.Refuse : Verdict.Wait, default);
}

/// <summary>The last refresh failed; a stale answer leaves the mart alone until <paramref name="RetryAt"/>.</summary>
internal sealed record KeyFailure(MartException Error, DateTimeOffset RetryAt);

/// <summary>What may be done for a caller.</summary>
/// <param name="Verdict">What.</param>
/// <param name="Answer">With <see cref="Verdict.Serve"/> and <see cref="Verdict.ServeAndRefresh"/>: the answer.</param>
internal readonly record struct Judgement(Verdict Verdict, CachedAnswer Answer);

/// <summary>The verdicts on a question.</summary>
internal enum Verdict
{
    /// <summary>Answer at once.</summary>
    Serve,

    /// <summary>Answer at once, and refresh behind the answer.</summary>
    ServeAndRefresh,

    /// <summary>What is stored may do: look for it, and judge again.</summary>
    Load,

    /// <summary>Wait for a refresh.</summary>
    Wait,

    /// <summary>Nothing that may be served is held, and the caller does not want to wait.</summary>
    Refuse,
}
