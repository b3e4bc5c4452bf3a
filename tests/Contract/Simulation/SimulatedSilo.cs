using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Simulation.Cluster;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Watch;
using TransactionPipeline.Grains;
using TransactionPipeline.Grains.Query;
using TransactionPipeline.Grains.Watch;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>
/// One life of a silo: everything in it is the real thing, put together as the program does it, but for its clock, its threads, and the
/// servers and silos at the other ends of its lines.
/// </summary>
internal sealed class SimulatedSilo
{
    // A key itself, without its rows.
    private const int BytesOfKey = 360;

    // Of a million, as quartz clocks have it.
    private const int MaxDrift = 50;

    private readonly World _world;
    private readonly SimulatedMart _mart;
    private readonly SimulatedStore.StoreLine _store;
    private readonly CacheOptions _cache;
    private readonly IOptions<GrainsOptions> _options = Options.Create(new GrainsOptions { OwnerTimeout = TimeSpan.FromSeconds(1.5) });
    private readonly CachedQueryContext _context;
    private readonly SiloFacts _facts;
    private readonly SiloLeaving _leaving = new();
    private readonly LeavingSignal _leavingSignal = new();
    private readonly MartWatcher _watcher;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Dictionary<int, Action<SnapshotVersion>> _questions = [];
    private TaskCompletionSource? _answeredAll;

    /// <summary>A process that has just started.</summary>
    public SimulatedSilo(World world, Setup setup, SimulatedStore store, SimulatedMart mart, SimulatedCluster cluster, int place, int number)
    {
        (_world, _mart, Place, Number, Name) = (world, mart, place, number, $"{(char)('a' + place)}{number}");
        Tasks = new SiloTasks(world, this, setup.IsStepped);
        Time = new SiloTime(
            world, Tasks, TimeSpan.FromMilliseconds(world.Dice.Between(-setup.Skew, setup.Skew)), partsPerMillion: setup.Skew == 0 ? 0 : world.Dice.Between(-MaxDrift, MaxDrift));
        _cache = new CacheOptions
        {
            FreshForSeconds = Setup.FreshFor,
            StaleForSeconds = Setup.StaleFor,
            MaxStaleOnErrorSeconds = Setup.MaxStaleOnError,
            LeaseSeconds = Setup.Lease,
            RetryAfterErrorSeconds = Setup.RetryAfterError,
            PollSeconds = setup.Poll / 1000.0,
            SlowPollSeconds = setup.Poll * 4 / 1000.0,
            MaxBytes = setup.MaxBytes,
        };
        _facts = new SiloFacts(this, cluster);
        Versions = new VersionClock(Time, number);
        var link = new Link(world);
        _store = store.Connect(link, Time);
        var fallback = new FallbackStore(
            _store, new LeaseKeeper(_store, _facts, Time), new LocalCounts(), Time, NullLogger<FallbackStore>.Instance);
        var source = mart.Connect(link, setup.IsCostlyToPoll);
        var sources = new Dictionary<Mart, IMartSource> { [Mart.Warehouse] = source };
        _context = new CachedQueryContext(sources, fallback, fallback, _cache, Time, Versions, NullLogger<KeyTable>.Instance, Name)
        {
            Name = Name,
            Tasks = Tasks,
        };
        IMartWatch watch;
        if (setup.IsCluster)
        {
            _leaving.Participate(_leavingSignal);
            var grains = new GrainLinks(cluster, this);
            var owner = new GrainOwner(grains, fallback, Versions, _options, Time, NullLogger<GrainOwner>.Instance);
            GrainKeys = new GrainKeyOwner(_context, owner, grains, _options.Value);
            (Keys, Table) = (GrainKeys, GrainKeys.Table);
            watch = new ClusterWatch(Mart.Warehouse, source, grains, _facts, GrainKeys, _options, Time, NullLogger<ClusterWatch>.Instance);
        }
        else
        {
            Table = new KeyTable(_context);
            Keys = Table;
            watch = new MartWatch(Mart.Warehouse, _context);
        }
        var watches = new Dictionary<Mart, IMartWatch> { [Mart.Warehouse] = watch };
        var newest = new NewestMonths(watches, fallback, _cache, Time, Tasks);
        _watcher = new MartWatcher(watches, sources, Table, newest, Options.Create(_cache), Time, NullLogger<MartWatcher>.Instance, Tasks);
        Tasks.Post(() => _ = _watcher.WatchAsync(_stopped.Token));
    }

    /// <summary>Which machine it is on: one has one silo after the other.</summary>
    public int Place { get; }

    /// <summary>Which life, of all silos.</summary>
    public int Number { get; }

    public string Name { get; }

    public SiloTasks Tasks { get; }

    public SiloTime Time { get; }

    public VersionClock Versions { get; }

    public IKeyOwner Keys { get; }

    public KeyTable Table { get; }

    /// <summary>In a cluster: the same, with its grains.</summary>
    public GrainKeyOwner? GrainKeys { get; }

    /// <summary>The grains that are here, by their ids.</summary>
    public Dictionary<GrainId, Activation> Activations { get; } = [];

    /// <summary>Calls to its grains that are not answered yet.</summary>
    public List<GrainCall> CallsTo { get; } = [];

    /// <summary>It is on its way out.</summary>
    public bool IsLeaving { get; private set; }

    /// <summary>Whether grains are placed here.</summary>
    public bool TakesGrains => !IsLeaving;

    /// <summary>Whether clients reach it.</summary>
    public bool TakesQuestions => !Tasks.IsDead && !IsLeaving;

    /// <summary>A grain of this silo.</summary>
    public IGrainBase CreateGrain(Activation activation) => activation.GrainId.Type.ToString() switch
    {
        "query" => new QueryGrain(activation, GrainKeys!, Versions, _facts, _leaving, _options, Time),
        _ => new MartWatcherGrain(activation, _context, NullLogger<MartWatcherGrain>.Instance),
    };

    /// <summary>A client asks.</summary>
    /// <param name="asked">What it asks, and of what.</param>
    /// <param name="key">The same key.</param>
    /// <param name="tag">The version that it names; none when it names none.</param>
    /// <param name="leavesAfter">When it goes away, if it has no answer by then.</param>
    /// <param name="onEnd">Told when it is over, with the version that was given.</param>
    public void Ask(Asked asked, QueryKey key, SnapshotVersion tag, TimeSpan? leavesAfter, Action<SnapshotVersion> onEnd)
    {
        _questions.Add(asked.Id, onEnd);
        _world.History.Add(asked);
        CancellationTokenSource? leaving = null;
        if (leavesAfter is { } after)
        {
            leaving = new();
            _world.After(after, () =>
            {
                if (!_questions.ContainsKey(asked.Id)) return;
                Abandon(asked.Id);
                Tasks.Post(leaving.Cancel);
            });
        }
        Tasks.Post(() => _ = AnswerAsync(asked, key, tag, leaving?.Token ?? CancellationToken.None));
    }

    /// <summary>A mart's notification comes.</summary>
    public void HearOfChange() => Tasks.Post(() => _watcher.Wake());

    /// <summary>A notification of a commit comes.</summary>
    public void HearOfCommit(Snapshot committed) => Tasks.Post(() =>
    {
        if (_store.Clock.Last is { } clock)
            Table.Learn(committed.Key.Mart, committed.Key.Month, committed.DataVersion, clock.FromServer(committed.CheckedAt));
    });

    /// <summary>An operator drops a key.</summary>
    public void Drop(QueryKey key) => Tasks.Post(() => _ = Keys.DropAsync(key, CancellationToken.None).SettledAsync());

    /// <summary>It was killed: nobody hears of what was asked here.</summary>
    public void BreakOff()
    {
        foreach (var id in _questions.Keys.ToArray()) Abandon(id);
    }

    /// <summary>It leaves as a host does that is told to stop: no more questions, the open ones end, the grains go, and then it.</summary>
    public void Leave(Action onGone)
    {
        IsLeaving = true;
        Tasks.Post(() => _ = LeaveAsync());

        async Task LeaveAsync()
        {
            if (_questions.Count > 0)
            {
                _answeredAll = new();
                await _answeredAll.Task;
            }
            if (GrainKeys is not null)
            {
                await _leavingSignal.LeaveAsync();
                foreach (var activation in Activations.Values.ToArray()) await activation.DeactivateAsync();
            }
            await Table.DisposeAsync();
            _stopped.Cancel();
            onGone();
        }
    }

    /// <summary>What it holds after a question, if it has nothing to do.</summary>
    private async Task WeighAsync(QueryKey key)
    {
        var asked = Table.GetAsync(key, new CacheDemand(null, OnlyIfCached: true), CancellationToken.None);
        if (!asked.IsCompletedSuccessfully || _questions.Count > 0 || !Table.WhenIdleAsync().IsCompleted) return;
        await asked;
        _world.History.Add(new Weighed(_world.Now, Name, Simulation.Keys.All.Sum(held => Table.Peek(held) is { } one ? BytesOfKey + one.Rows.SizeInBytes : 0)));
    }

    private async Task AnswerAsync(Asked asked, QueryKey key, SnapshotVersion tag, CancellationToken cancellationToken)
    {
        // As the front end reads and answers it.
        var minVersion = tag != default && Versions.MayHaveBeenIssued(tag) ? tag : default;
        Answered answered;
        SnapshotVersion given = default;
        try
        {
            var answer = await Keys.GetAsync(key, new CacheDemand(asked.MaxAge, asked.OnlyIfCached, minVersion), cancellationToken);
            given = answer.Snapshot.Version;
            var (isKnown, now) = (given == tag, Time.GetUtcNow());
            answered = new Answered(
                _world.Now, asked.Id, isKnown ? 304 : 200, Told(given), Told(answer.Result), answer.AgeAt(now), _world.Now - (now - answer.Snapshot.DataAsOf),
                isKnown ? null : _mart.TextOf(answer.Snapshot.Rows));
        }
        catch (MartException) when (Versions.AgeOf(minVersion).TotalSeconds <= _cache.MaxStaleOnErrorSeconds)
        {
            answered = new Answered(_world.Now, asked.Id, 304, Told(minVersion), AnswerOrigin.StaleIfError);
        }
        catch (MartException failed)
        {
            answered = new Answered(_world.Now, asked.Id, failed.Failure == MartFailure.Unavailable ? 503 : 500);
        }
        catch (NotCachedException)
        {
            answered = new Answered(_world.Now, asked.Id, 504);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception unforeseen)
        {
            _world.Tell($"{Name}: {unforeseen}");
            answered = new Answered(_world.Now, asked.Id, 500);
        }
        if (!_questions.ContainsKey(asked.Id)) return;
        End(asked.Id, answered, given);
        if (_cache.MaxBytes < Setup.Ample) _ = WeighAsync(key);
    }

    private void Abandon(int id) => End(id, new Abandoned(_world.Now, id), default);

    private void End(int id, HistoryEvent how, SnapshotVersion given)
    {
        _questions.Remove(id, out var onEnd);
        _world.History.Add(how);
        onEnd!(given);
        if (_questions.Count == 0) _answeredAll?.TrySetResult();
    }

    private static AnswerVersion Told(SnapshotVersion version) => new(version.Time, version.Issuer);

    private static AnswerOrigin Told(CacheResult result) => result switch
    {
        CacheResult.Hit => AnswerOrigin.Hit,
        CacheResult.Stale => AnswerOrigin.Stale,
        CacheResult.Revalidated => AnswerOrigin.Revalidated,
        CacheResult.Miss => AnswerOrigin.Miss,
        _ => AnswerOrigin.StaleIfError,
    };

    /// <summary>The silo's lifecycle, as far as what listens to it here is told of its end.</summary>
    private sealed class LeavingSignal : ISiloLifecycle
    {
        private readonly List<ILifecycleObserver> _observers = [];

        public int HighestCompletedStage => throw new NotSupportedException();

        public int LowestStoppedStage => throw new NotSupportedException();

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            _observers.Add(observer);
            return new MemoryStream();
        }

        public async Task LeaveAsync()
        {
            foreach (var observer in _observers) await observer.OnStop(CancellationToken.None);
        }
    }
}
