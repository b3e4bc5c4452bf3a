using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Watch;

/// <summary>
/// The newest month of a mart: fresh, stale and asked for again by the rules of <see cref="CachedQuery"/>, by one caller at a time, or
/// heard of. While the mart fails, the last month that was known goes on, unless the mart is known to have changed since.
/// </summary>
/// <param name="ask">Asks the mart, or who watches it.</param>
/// <param name="options">Ages.</param>
/// <param name="time">The clock.</param>
/// <param name="tasks">Where the asking runs.</param>
internal sealed class NewestMonth(Func<Task<KnownMonth>> ask, CacheOptions options, TimeProvider time, TaskScheduler tasks)
{
    private readonly Lock _gate = new();
    private KnownMonth? _known;
    private Task<KnownMonth>? _asking;
    private DateTimeOffset _usedAt = DateTimeOffset.MinValue;

    private bool _isOutdated;
    private int _changes;

    /// <summary>What is known and not outdated; null otherwise.</summary>
    public KnownMonth? Known
    {
        get
        {
            lock (_gate) return _isOutdated ? null : _known;
        }
    }

    /// <summary>What was known last, outdated or not: better than nothing while the mart fails.</summary>
    public KnownMonth? LastKnown
    {
        get
        {
            lock (_gate) return _known;
        }
    }

    /// <summary>How often the mart is known to have changed: what was asked for before a change says nothing of what came after.</summary>
    public int Changes
    {
        get
        {
            lock (_gate) return _changes;
        }
    }

    /// <summary>Whether somebody asked for it lately.</summary>
    public bool IsInUse
    {
        get
        {
            lock (_gate) return time.GetUtcNow() - _usedAt <= options.FreshFor + options.StaleFor;
        }
    }

    /// <summary>The newest month, with its age.</summary>
    /// <exception cref="MartException">The mart failed and no earlier answer is known.</exception>
    public async ValueTask<KnownMonth> FindAsync(CancellationToken cancellationToken)
    {
        KnownMonth? known;
        bool isOutdated;
        Task<KnownMonth> asking;
        lock (_gate)
        {
            (known, isOutdated, _usedAt) = (_known, _isOutdated, time.GetUtcNow());
            if (known is not null && !isOutdated && AgeOf(known) <= options.FreshFor) return known;
            asking = _asking ?? Ask();
        }
        if (known is not null && !isOutdated && AgeOf(known) <= options.FreshFor + options.StaleFor)
        {
            _ = asking.SettledAsync();
            return known;
        }
        try
        {
            return await asking.WaitAsync(cancellationToken);
        }
        catch (MartException) when (known is not null && !isOutdated)
        {
            return known;
        }
    }

    /// <summary>Asks, or waits for the asking that runs.</summary>
    public Task<KnownMonth> RefreshAsync()
    {
        lock (_gate) return _asking ?? Ask();
    }

    /// <summary>It was told.</summary>
    /// <param name="told">What was told.</param>
    /// <param name="changes"><see cref="Changes"/> when it was asked for: it is not taken when there was one meanwhile.</param>
    public void Hear(KnownMonth told, int changes)
    {
        // From later than now: its age is not known.
        if (told.AsOf > time.GetUtcNow()) return;
        lock (_gate)
        {
            if (changes == _changes && (_isOutdated || _known is null || told.AsOf > _known.AsOf)) Take(told);
        }
    }

    /// <summary>The mart has changed: what is known, or was asked before, is outdated.</summary>
    public void Outdate()
    {
        lock (_gate)
        {
            _isOutdated = true;
            _changes++;
            // Those who wait for it get it, later ones do not.
            _asking = null;
        }
    }

    /// <summary>What is from later than now is from before the clock went back: as old as can be.</summary>
    private TimeSpan AgeOf(KnownMonth known) => time.GetUtcNow() is var now && known.AsOf <= now ? now - known.AsOf : TimeSpan.MaxValue;

    /// <summary>Called under the gate.</summary>
    private void Take(KnownMonth told)
    {
        // An empty mart is asked each time: the first rows are waited for by somebody.
        if (told.Month is not null) (_known, _isOutdated) = (told, false);
    }

    /// <summary>Called under the gate, which the asking waits for before it ends: it is known by then.</summary>
    private Task<KnownMonth> Ask()
    {
        var asking = default(Task<KnownMonth>);
        asking = tasks.Run(async () =>
        {
            KnownMonth? found = null;
            try
            {
                return found = await ask();
            }
            finally
            {
                lock (_gate)
                {
                    // Outdated meanwhile, it says nothing of what came after.
                    if (_asking == asking)
                    {
                        _asking = null;
                        if (found is not null) Take(found);
                    }
                }
            }
        });
        return _asking = asking;
    }
}
