using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Simulation.Cluster;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>Carries out a plan: the same plan is the same history, byte for byte.</summary>
internal sealed class Run
{
    /// <summary>What is broken where a run goes round and round.</summary>
    public const string Endless = "Endless";

    /// <summary>After its last step everything is well again, and what is open has so long to end.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(90);

    private readonly Plan _plan;
    private readonly World _world;
    private readonly SimulatedStore _store;
    private readonly SimulatedMart _mart;
    private readonly SimulatedCluster _cluster;
    private readonly Dictionary<int, SimulatedSilo> _silos = [];
    private readonly Dictionary<(int Client, int Key), SnapshotVersion> _versions = [];
    private bool _losesNotices;
    private int _lives;
    private int _questions;
    private int _open;

    private Run(Plan plan, bool isTraced)
    {
        _plan = plan;
        _world = new World(plan.Schedule) { Trace = isTraced ? [] : null };
        _store = new SimulatedStore(_world);
        _mart = new SimulatedMart(_world, Keys.Months, plan.Setup.HasOneToken);
        _cluster = new SimulatedCluster(_world);
        if (plan.Setup.HasNotices) _store.Committed = snapshot => Notify(silo => silo.HearOfCommit(snapshot));
        for (var place = 0; place < plan.Setup.Silos; place++) Start(place);
        foreach (var step in plan.Steps) _world.After(TimeSpan.FromMilliseconds(step.At), () => Do(step));
    }

    /// <summary>Carries the plan out and judges what happened.</summary>
    public static RunResult Of(Plan plan) => new Run(plan, isTraced: false).Go();

    /// <summary>The same, with all that happened inside.</summary>
    public static (RunResult Result, IReadOnlyList<(int AfterEvents, string What)> Trace) Traced(Plan plan)
    {
        var run = new Run(plan, isTraced: true);
        return (run.Go(), run._world.Trace!);
    }

    private RunResult Go()
    {
        var last = TimeSpan.FromMilliseconds(_plan.Steps.Count == 0 ? 0 : _plan.Steps[^1].At);
        _world.Run(last, static () => false);
        Heal();
        _world.Run(last + Aftermath, () => _open == 0);
        _world.End();
        var violations = ContractChecker.Judge(_world.History, TermsOf(_plan));
        return new(_plan, _world.History, _world.IsEndless ? [new(Endless, _world.History[^1], "goes round and round"), .. violations] : violations);
    }

    private static Terms TermsOf(Plan plan) => new(
        TimeSpan.FromSeconds(Setup.FreshFor), TimeSpan.FromSeconds(Setup.StaleFor), TimeSpan.FromSeconds(Setup.MaxStaleOnError),
        ClockSkew: TimeSpan.FromMilliseconds(plan.Setup.Skew == 0 ? 0 : 20), plan.Setup.MaxBytes)
    {
        // Looks are told to the store once while an answer is fresh; what was found between two looks, with the next one.
        StoreLag = TimeSpan.FromSeconds(Setup.FreshFor + 1) + Milliseconds(plan.Setup.IsCostlyToPoll ? plan.Setup.Poll * 4 : plan.Setup.Poll),
        JudgesAges = !plan.Steps.Any(step => step is Jump),
        HasOneToken = plan.Setup.HasOneToken,
        MayEvict = plan.Setup.MaxBytes < Setup.Ample,
    };

    private void Do(Step step)
    {
        if (_world.Trace is not null) _world.Tell(step.ToString());
        switch (step)
        {
            case Ask ask:
                Do(ask);
                break;
            case Change change:
                _mart.Change(Keys.Months[change.Month], change.What);
                Notify(silo => silo.HearOfChange());
                break;
            case ChangeTokenFirst change:
                _mart.ChangeTokenFirst(Keys.Months[change.Month], Milliseconds(change.Later));
                break;
            case GoBack back:
                _mart.GoBack(Keys.Months[back.Month], back.States, back.TokenToo);
                Notify(silo => silo.HearOfChange());
                break;
            case MartFault fault:
                For(fault.Time, fault.Mode switch { MartMode.Fails => FaultKind.MartFails, MartMode.NoBudget => FaultKind.BudgetSpent, _ => FaultKind.MartSlow }, "mart",
                    () => _mart.Mode = fault.Mode, () => _mart.Mode = MartMode.Well);
                break;
            case StoreFault fault:
                For(fault.Time, fault.Mode switch { StoreMode.ReadOnly => FaultKind.StoreReadOnly, StoreMode.Slow => FaultKind.StoreSlow, _ => FaultKind.StoreDown }, "store",
                    () => _store.Mode = fault.Mode, () => _store.Mode = StoreMode.Well);
                break;
            case CopyStore:
                _store.Copy();
                break;
            case RestoreStore:
                _store.Restore();
                Once(FaultKind.StoreRestored, "store");
                break;
            case NetworkFault fault:
                For(fault.Time, fault.Mode switch { NetworkMode.Loses => FaultKind.CallsLost, NetworkMode.Delays => FaultKind.CallsLate, _ => FaultKind.CallsDoubled }, "network",
                    () => (_cluster.Network, _cluster.NetworkPercent) = (fault.Mode, fault.Percent), () => _cluster.Network = NetworkMode.Well);
                break;
            case LoseNotices lose:
                For(lose.Time, FaultKind.NotificationsLost, "notices", () => _losesNotices = true, () => _losesNotices = false);
                break;
            case Kill kill when _silos.TryGetValue(kill.Place, out var silo) && silo.TakesQuestions:
                silo.Tasks.DieAfter(kill.AfterTasks, () => Died(silo, kill.KnownAfter, kill.RestartsAfter));
                break;
            case Freeze freeze when _silos.TryGetValue(freeze.Place, out var silo) && silo.TakesQuestions && !silo.Tasks.IsFrozen:
                Do(freeze, silo);
                break;
            case Leave leave when _silos.TryGetValue(leave.Place, out var silo) && silo.TakesQuestions && !silo.Tasks.IsFrozen && _silos.Values.Count(one => one.TakesQuestions) > 1:
                Once(FaultKind.ProcessLeft, silo.Name);
                silo.Leave(() => Gone(silo));
                break;
            case Join join when !_silos.ContainsKey(join.Place):
                Start(join.Place);
                Once(FaultKind.ProcessJoined, _silos[join.Place].Name);
                break;
            case Deactivate deactivate when _cluster.Find(GrainLinks.IdOf(Keys.All[deactivate.Key].ToString())) is { } activation:
                Once(FaultKind.OwnerIdle, activation.Silo.Name);
                activation.Deactivate();
                break;
            case Split split:
                var grain = split.Key < Keys.All.Count ? GrainLinks.IdOf(Keys.All[split.Key].ToString()) : GrainLinks.WatcherId;
                For(split.Time, FaultKind.TwoOwners, grain.ToString(), () => _cluster.Split(grain, Milliseconds(split.Time)), () => { });
                break;
            case Jump jump when _silos.TryGetValue(jump.Place, out var silo):
                silo.Time.Jump(Milliseconds(jump.By));
                Once(FaultKind.ClockJumped, silo.Name);
                break;
            case Rest:
                foreach (var silo in _silos.Values.Where(silo => silo.TakesQuestions && !silo.Tasks.IsFrozen))
                    _world.History.Add(new Watched(_world.Now, silo.Name, silo.Table.MonthsOf(Core.Marts.Mart.Warehouse).Count));
                break;
            case Drop drop when _silos.TryGetValue(drop.Place, out var silo) && silo.TakesQuestions:
                _world.History.Add(new Dropped(_world.Now, Keys.Told(Keys.All[drop.Key])));
                silo.Drop(Keys.All[drop.Key]);
                break;
        }
    }

    private void Do(Ask ask)
    {
        // One that is there: clients come through a balancer.
        var silo = Enumerable.Range(ask.Place, 8).Select(place => _silos.GetValueOrDefault(place % 8)).FirstOrDefault(silo => silo?.TakesQuestions == true);
        if (silo is null) return;
        var by = (ask.Client, ask.Key);
        var version = ask.NamesVersion ? _versions.GetValueOrDefault(by) : default;
        var asked = new Asked(
            _world.Now, _questions++, Clients[ask.Client], silo.Name, Keys.Told(Keys.All[ask.Key]), ask.MaxAge < 0 ? null : Milliseconds(ask.MaxAge), ask.OnlyIfCached,
            version == default ? null : new(version.Time, version.Issuer));
        _open++;
        silo.Ask(asked, Keys.All[ask.Key], version, ask.LeavesAfter < 0 ? null : Milliseconds(ask.LeavesAfter), given =>
        {
            _open--;
            if (given > _versions.GetValueOrDefault(by)) _versions[by] = given;
        });
    }

    private void Do(Freeze freeze, SimulatedSilo silo)
    {
        silo.Tasks.Freeze();
        _world.History.Add(new Fault(_world.Now, FaultKind.ProcessFrozen, silo.Name));
        _world.After(Milliseconds(freeze.KnownAfter), () =>
        {
            if (silo.Tasks.IsFrozen) _cluster.DeclareEnded(silo);
        });
        _world.After(Milliseconds(freeze.Time), () => Thaw(silo));
    }

    private void Thaw(SimulatedSilo silo)
    {
        if (silo.Tasks.IsDead || !silo.Tasks.IsFrozen) return;
        silo.Tasks.Thaw();
        _world.History.Add(new Fault(_world.Now, FaultKind.ProcessFrozen, silo.Name, IsOver: true));
        // It finds out a little later that it is taken for dead, and ends.
        if (_cluster.HasEnded(silo.Name)) _world.After(TimeSpan.FromMicroseconds(_world.Dice.Between(1_000, 1_500_000)), () => silo.Tasks.DieAfter(0, () => Died(silo, 0, 500)));
    }

    private void Died(SimulatedSilo silo, int knownAfter, int restartsAfter)
    {
        _world.History.Add(new Fault(_world.Now, FaultKind.ProcessKilled, silo.Name));
        silo.BreakOff();
        _silos.Remove(silo.Place);
        _world.After(Milliseconds(knownAfter), () =>
        {
            _cluster.DeclareEnded(silo);
        });
        // Where no membership tells of it, its leases hold others up until their time is over.
        _world.After(Milliseconds(_plan.Setup.IsCluster ? knownAfter : Setup.Lease * 1000), () =>
        {
            _world.History.Add(new Fault(_world.Now, FaultKind.ProcessKilled, silo.Name, IsOver: true));
        });
        _world.After(Milliseconds(restartsAfter), () =>
        {
            if (!_silos.ContainsKey(silo.Place)) Start(silo.Place);
        });
    }

    private void Gone(SimulatedSilo silo)
    {
        silo.Tasks.DieAfter(0, () => { });
        _silos.Remove(silo.Place);
        _cluster.DeclareEnded(silo);
    }

    /// <summary>Everything is well, and somebody is there.</summary>
    private void Heal()
    {
        (_mart.Mode, _store.Mode, _cluster.Network, _losesNotices) = (MartMode.Well, StoreMode.Well, NetworkMode.Well, false);
        foreach (var silo in _silos.Values.ToArray()) Thaw(silo);
    }

    private void Start(int place)
    {
        var silo = new SimulatedSilo(_world, _plan.Setup, _store, _mart, _cluster, place, ++_lives);
        _silos[place] = silo;
        if (_plan.Setup.IsCluster) _cluster.Join(silo);
    }

    private void Notify(Action<SimulatedSilo> hear)
    {
        if (!_plan.Setup.HasNotices || _losesNotices) return;
        foreach (var silo in _silos.Values) _world.After(TimeSpan.FromMicroseconds(_world.Dice.Between(200, 20_000)), () => hear(silo));
    }

    private void Once(FaultKind kind, string where)
    {
        _world.History.Add(new Fault(_world.Now, kind, where));
        _world.History.Add(new Fault(_world.Now, kind, where, IsOver: true));
    }

    private void For(int time, FaultKind kind, string where, Action begin, Action end)
    {
        begin();
        _world.History.Add(new Fault(_world.Now, kind, where));
        _world.After(Milliseconds(time), () =>
        {
            end();
            _world.History.Add(new Fault(_world.Now, kind, where, IsOver: true));
        });
    }

    private static TimeSpan Milliseconds(int time) => TimeSpan.FromMilliseconds(time);

    private static readonly string[] Clients = ["Ann", "Ben", "Cem", "Dua"];
}
