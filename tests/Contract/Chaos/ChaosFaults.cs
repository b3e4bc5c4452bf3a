using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Simulation;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.KubernetesStandIn.Faults;
using FaultKind = TransactionPipeline.Contract.History.FaultKind;
using MembershipFault = TransactionPipeline.KubernetesStandIn.Faults.FaultKind;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>
/// What goes wrong, in two lanes at the same time: with the stores, and with the silos. Each lane deals out all of its faults in an order by
/// chance, again and again; every fault ends by itself, and is written down from before its beginning until after its end.
/// </summary>
internal sealed class ChaosFaults(
    ChaosSettings settings, Observer observer, PostgresServer server, TcpProxy line, KubernetesStandInServer api, ChaosFleet fleet, OperationalMart operational,
    WarehouseMart warehouse)
{
    private readonly Dictionary<string, int> _done = new(StringComparer.Ordinal);

    /// <summary>How often each was.</summary>
    public IReadOnlyDictionary<string, int> Done => _done;

    /// <summary>PostgreSQL, the lines to it, the marts, and where silos find each other.</summary>
    public Task HarmStoresUntilAsync(Dice dice, CancellationToken stop) => DealAsync(
        dice,
        [
            ("PostgreSQL is stopped", time => DownAsync(() => server.StopAsync(), server.StartAsync, time)),
            ("PostgreSQL crashes", time => DownAsync(() => server.StopAsync("immediate"), server.StartAsync, time)),
            ("PostgreSQL is killed", time => DownAsync(server.KillAsync, server.StartAsync, time)),
            ("PostgreSQL hangs", HangAsync),
            ("PostgreSQL is read-only", ReadOnlyAsync),
            ("a silo's line to PostgreSQL is cut", time => CutAsync(dice, TcpFault.Reset, FaultKind.StoreDown, time)),
            ("a silo's line to PostgreSQL is a black hole", time => CutAsync(dice, TcpFault.Blackhole, FaultKind.StoreSlow, time)),
            ("the operational mart fails", time => BreakAsync(dice, operational, time)),
            ("the operational mart stands still", LockAsync),
            ("the API server is away", MembershipDownAsync),
            ("the warehouse fails", time => BreakAsync(dice, warehouse, time)),
        ],
        stop);

    /// <summary>The processes.</summary>
    public Task HarmSilosUntilAsync(Dice dice, CancellationToken stop) => DealAsync(
        dice,
        [
            ("a silo is killed", _ => KillAsync(dice)),
            ("a silo stands still", _ => FreezeAsync(dice, TimeSpan.FromMilliseconds(dice.Between(300, 4000)))),
            ("a silo stands still until it is taken for dead, or for long", _ => FreezeForLongAsync(dice)),
            ("all silos are replaced, one by one", _ => RollAsync()),
        ],
        stop);

    private async Task DealAsync(Dice dice, (string Name, Func<TimeSpan, Task> DoAsync)[] faults, CancellationToken stop)
    {
        while (true)
        {
            for (var last = faults.Length - 1; last > 0; last--)
            {
                var other = dice.Below(last + 1);
                (faults[last], faults[other]) = (faults[other], faults[last]);
            }
            foreach (var (name, doAsync) in faults)
            {
                await PauseAsync(TimeSpan.FromMilliseconds(dice.Between(1000, 4000)), stop);
                if (stop.IsCancellationRequested) return;
                // Most are short; some are as long as any may be.
                await doAsync(TimeSpan.FromMilliseconds(dice.Percent(80) ? dice.Between(500, 6000) : dice.Between(6000, (int)settings.LongestFreeze.TotalMilliseconds)));
                lock (_done) _done[name] = _done.GetValueOrDefault(name) + 1;
            }
        }
    }

    private static async Task PauseAsync(TimeSpan time, CancellationToken stop = default) =>
        await Task.Delay(time, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Does harm for so long; the faults that it is are there from before it begins until after it has ended.</summary>
    private async Task HarmAsync(IReadOnlyList<Fault> faults, Func<Task> begin, Func<Task> end, TimeSpan time)
    {
        foreach (var fault in faults) observer.Note(at => fault with { At = at });
        await begin();
        await PauseAsync(time);
        await end();
        foreach (var fault in faults) observer.Note(at => fault with { At = at, IsOver = true });
    }

    private static Fault Of(FaultKind kind, string where, ChaosMart? mart = null) => new(default, kind, where) { Mart = mart?.Name };

    private Task DownAsync(Func<Task> begin, Func<Task> end, TimeSpan time) =>
        HarmAsync([Of(FaultKind.StoreDown, "PostgreSQL"), Of(FaultKind.MartFails, "PostgreSQL", operational)], begin, end, time);

    private Task HangAsync(TimeSpan time) => HarmAsync(
        [Of(FaultKind.StoreSlow, "PostgreSQL"), Of(FaultKind.MartFails, "PostgreSQL", operational)], server.HangAsync, server.ResumeAsync, time);

    private Task ReadOnlyAsync(TimeSpan time) => HarmAsync(
        [Of(FaultKind.StoreReadOnly, "PostgreSQL")], () => server.SetReadOnlyAsync(true), () => server.SetReadOnlyAsync(false), time);

    private Task CutAsync(Dice dice, TcpFault how, FaultKind kind, TimeSpan time)
    {
        if (fleet.Members is not { Count: > 0 } members) return Task.CompletedTask;
        var silo = members[dice.Below(members.Count)];
        return HarmAsync(
            [Of(kind, silo.Name), Of(FaultKind.MartFails, silo.Name, operational)],
            () => SetAsync(how),
            async () =>
            {
                // What has lost bytes is of no more use.
                await SetAsync(TcpFault.Reset);
                await SetAsync(TcpFault.None);
            },
            time);

        Task SetAsync(TcpFault fault)
        {
            line.SetFaultOf($"user\0{silo.User}\0", fault);
            return Task.CompletedTask;
        }
    }

    private Task BreakAsync(Dice dice, ChaosMart mart, TimeSpan time)
    {
        var tokensToo = dice.Percent(50);
        return HarmAsync([Of(FaultKind.MartFails, tokensToo ? "rows and tokens" : "rows", mart)], () => mart.BreakAsync(tokensToo), mart.MendAsync, time);
    }

    private Task MembershipDownAsync(TimeSpan time) => HarmAsync(
        [Of(FaultKind.MembershipDown, "the API server")],
        () =>
        {
            api.Faults.Add(new FaultRule(MembershipFault.Outage) { Times = int.MaxValue });
            return Task.CompletedTask;
        },
        () =>
        {
            api.Faults.Clear();
            return Task.CompletedTask;
        },
        time);

    private async Task LockAsync(TimeSpan time)
    {
        var locking = default(IAsyncDisposable);
        await HarmAsync(
            [Of(FaultKind.MartSlow, "rows", operational), Of(FaultKind.MartFails, "rows", operational)],
            async () => locking = await operational.LockAsync(),
            async () => await locking!.DisposeAsync(),
            time);
    }

    private async Task KillAsync(Dice dice)
    {
        if (Choose(dice) is { } silo) await fleet.KillAsync(silo);
        await fleet.FillAsync();
    }

    private async Task FreezeAsync(Dice dice, TimeSpan time)
    {
        if (Choose(dice) is { } silo) await fleet.FreezeAsync(silo, time);
        await fleet.FillAsync();
    }

    private async Task FreezeForLongAsync(Dice dice)
    {
        // Some are taken for dead long before they come back.
        var isPatient = dice.Percent(50);
        if (Choose(dice) is { } silo)
        {
            if (isPatient) await fleet.FreezeAsync(silo, settings.LongestFreeze);
            else await fleet.FreezeUntilDeadAsync(silo, settings.LongestFreeze);
        }
        await fleet.FillAsync();
    }

    private async Task RollAsync()
    {
        foreach (var silo in fleet.Members) await fleet.ReplaceAsync(silo);
        await fleet.FillAsync();
    }

    private ChaosSilo? Choose(Dice dice) => fleet.Members is { Count: > 0 } members ? members[dice.Below(members.Count)] : null;
}
