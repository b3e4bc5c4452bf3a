using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// The newest month of each mart: fresh, stale and asked for again by the rules of <see cref="CachedQuery"/>, by one caller at a time.
/// While a mart fails, the last month that was known goes on.
/// </summary>
/// <param name="find">Asks the mart, or one that asks it for several processes.</param>
/// <param name="options">Ages.</param>
/// <param name="time">The clock.</param>
/// <param name="tasks">Where the asking runs.</param>
public sealed class NewestMonth(Func<Mart, Task<KnownMonth>> find, CacheOptions options, TimeProvider time, TaskScheduler tasks) : INewestMonth
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Mart, KnownMonth> _known = [];
    private readonly Dictionary<Mart, Task<KnownMonth>> _asking = [];

    /// <summary>The newest months, from the marts themselves.</summary>
    public NewestMonth(IReadOnlyDictionary<Mart, IMartSource> sources, CacheOptions options, TimeProvider time, TaskScheduler? tasks = null)
        : this(mart => AskMartAsync(sources[mart], time), options, time, tasks ?? TaskScheduler.Default)
    {
    }

    /// <summary>The newest month as the mart has it now.</summary>
    /// <exception cref="MartException">The mart could not be asked.</exception>
    public static async Task<KnownMonth> AskMartAsync(IMartSource source, TimeProvider time)
    {
        var asOf = time.GetUtcNow();
        return new(await source.FindNewestMonthAsync(CancellationToken.None), asOf);
    }

    /// <inheritdoc/>
    public async ValueTask<Month?> GetAsync(Mart mart, CancellationToken cancellationToken) =>
        (await FindAsync(mart, cancellationToken)).Month;

    /// <summary>As <see cref="GetAsync"/>, with its age.</summary>
    public async ValueTask<KnownMonth> FindAsync(Mart mart, CancellationToken cancellationToken)
    {
        KnownMonth? known;
        Task<KnownMonth> asking;
        lock (_gate)
        {
            known = _known.GetValueOrDefault(mart);
            if (known is not null && AgeOf(known) <= options.FreshFor) return known;
            if (!_asking.TryGetValue(mart, out asking!)) asking = Ask(mart);
        }
        if (known is not null && AgeOf(known) <= options.FreshFor + options.StaleFor)
        {
            _ = asking.SettledAsync();
            return known;
        }
        try
        {
            return await asking.WaitAsync(cancellationToken);
        }
        catch (MartException) when (known is not null)
        {
            return known;
        }
    }

    /// <summary>Forgets what is known, after a change that is known to have happened.</summary>
    public void Forget(Mart mart)
    {
        lock (_gate)
        {
            _known.Remove(mart);
            // It may have been asked before the change: those who wait for it get it, later ones do not.
            _asking.Remove(mart);
        }
    }

    private TimeSpan AgeOf(KnownMonth known) => time.GetUtcNow() - known.AsOf;

    /// <summary>Called under the gate, which the asking waits for before it ends: it is known by then.</summary>
    private Task<KnownMonth> Ask(Mart mart)
    {
        var asking = default(Task<KnownMonth>);
        asking = tasks.Run(async () =>
        {
            KnownMonth? found = null;
            try
            {
                return found = await find(mart);
            }
            finally
            {
                lock (_gate)
                {
                    // Forgotten meanwhile, it says nothing of what came after.
                    if (_asking.GetValueOrDefault(mart) == asking)
                    {
                        _asking.Remove(mart);
                        // An empty mart is asked each time: the first rows are waited for by somebody.
                        if (found?.Month is not null) _known[mart] = found;
                    }
                }
            }
        });
        return _asking[mart] = asking;
    }
}
