namespace TransactionPipeline.Contract.Simulation.Cluster;

/// <summary>
/// Who is in the cluster, where its grains are, and the network between: what Orleans does for the grains, as far as they rely on it. A
/// grain is in one silo, placed by chance when it is first called; of a silo that is known to be dead, or has left, nothing is found any
/// more, and a call to it fails; of one that has died and is not known to, a call is answered by nobody.
/// </summary>
internal sealed class SimulatedCluster(World world)
{
    // After this, a call that was lost fails.
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(30);

    private readonly Dictionary<GrainId, Activation> _directory = [];
    private readonly Dictionary<GrainId, Activation> _second = [];
    private readonly List<SimulatedSilo> _members = [];
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);

    public World World => world;

    /// <summary>Silos that are not known to have ended.</summary>
    public IReadOnlyList<SimulatedSilo> Members => _members;

    /// <summary>How bad the network is.</summary>
    public NetworkMode Network { get; set; }

    /// <summary>How many of a hundred messages that concerns.</summary>
    public int NetworkPercent { get; set; }

    public void Join(SimulatedSilo silo) => _members.Add(silo);

    public bool HasEnded(string name) => _ended.Contains(name);

    /// <summary>Everybody knows now that it has died, or left.</summary>
    public void DeclareEnded(SimulatedSilo silo)
    {
        if (!_members.Remove(silo)) return;
        _ended.Add(silo.Name);
        foreach (var entries in (Dictionary<GrainId, Activation>[])[_directory, _second])
        {
            foreach (var (id, _) in entries.Where(entry => entry.Value.Silo == silo).ToList()) entries.Remove(id);
        }
        foreach (var call in silo.CallsTo.ToArray()) call.Fail(new SiloUnavailableException($"{silo.Name} has ended"));
    }

    /// <summary>An activation has gone.</summary>
    public void Forget(Activation activation)
    {
        if (ReferenceEquals(_directory.GetValueOrDefault(activation.GrainId), activation)) _directory.Remove(activation.GrainId);
        if (ReferenceEquals(_second.GetValueOrDefault(activation.GrainId), activation)) _second.Remove(activation.GrainId);
        activation.Silo.Activations.Remove(activation.GrainId);
    }

    public Activation? Find(GrainId id) => _directory.GetValueOrDefault(id);

    /// <summary>The grain is in two silos: whoever calls it finds one or the other, until the first of them is forgotten.</summary>
    public void Split(GrainId id, TimeSpan time)
    {
        if (Find(id) is not { } first || _second.ContainsKey(id)) return;
        var others = _members.Where(silo => silo != first.Silo && silo.TakesGrains).ToList();
        if (others.Count == 0) return;
        var second = Place(id, others[world.Dice.Below(others.Count)]);
        _second[id] = first;
        _directory[id] = second;
        world.After(time, () =>
        {
            // It lives on, and nobody finds it any more.
            if (ReferenceEquals(_second.GetValueOrDefault(id), first)) _second.Remove(id);
        });
    }

    /// <summary>Where the grain is, for this caller; null when there is nowhere to place it.</summary>
    public Activation? Resolve(GrainId id, SimulatedSilo caller)
    {
        // Who is taken for dead knows of its own grains only.
        if (HasEnded(caller.Name)) return caller.Activations.GetValueOrDefault(id);
        if (_second.GetValueOrDefault(id) is { } old && world.Dice.Percent(50)) return old;
        if (Find(id) is { } found) return found;
        var silos = _members.Where(silo => silo.TakesGrains).ToList();
        return silos.Count == 0 ? null : _directory[id] = Place(id, silos[world.Dice.Below(silos.Count)]);
    }

    /// <summary>A message from one silo to another: it may come late, twice or never.</summary>
    /// <returns>False when it is lost.</returns>
    public bool Send(SimulatedSilo from, SimulatedSilo to, Action arrive)
    {
        if (from == to)
        {
            arrive();
            return true;
        }
        var delay = world.Dice.Between(100, 3_000);
        if (Network != NetworkMode.Well && world.Dice.Percent(NetworkPercent))
        {
            if (Network == NetworkMode.Loses) return false;
            if (Network == NetworkMode.Delays) delay = world.Dice.Between(100_000, 6_000_000);
            if (Network == NetworkMode.Doubles) world.After(Microseconds(world.Dice.Between(100, 500_000)), arrive);
        }
        world.After(Microseconds(delay), arrive);
        return true;
    }

    /// <summary>Fails a call that was lost, in the end.</summary>
    public void FailLater(GrainCall call) => world.After(ResponseTimeout, () => call.Fail(new TimeoutException("no response in time")));

    private static TimeSpan Microseconds(int time) => new(time * TimeSpan.TicksPerMicrosecond);

    private Activation Place(GrainId id, SimulatedSilo silo)
    {
        if (!silo.Activations.TryGetValue(id, out var activation)) silo.Activations[id] = activation = new(this, silo, id);
        return activation;
    }
}

/// <summary>How the network between silos is.</summary>
internal enum NetworkMode
{
    Well,
    Loses,
    Delays,
    Doubles,
}
