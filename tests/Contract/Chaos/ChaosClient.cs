using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Simulation;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>A client that asks one question after another: always the same silo as long as that is ready, or now this one, now that one.</summary>
internal sealed class ChaosClient(int number, ChaosFleet fleet, Asker asker, Dice dice)
{
    private readonly string _name = $"client-{number}";
    private readonly bool _isFaithful = number % 2 == 0;
    private readonly Dictionary<AnswerKey, AnswerVersion> _seen = [];
    private ChaosSilo? _silo;

    /// <summary>Asks until it is time to stop.</summary>
    public async Task AskUntilAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            // What paces the load: the silos' processor is the harness's, too.
            await Task.Delay(TimeSpan.FromMilliseconds(dice.Between(20, 120)), TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Choose() is not { } silo) continue;
            var key = ChaosKeys.All[dice.Below(ChaosKeys.All.Count)];
            var leavesAfter = dice.Percent(85) ? default(TimeSpan?) : TimeSpan.FromMilliseconds(dice.Between(1, 3000));
            var answer = await asker.AskAsync(_name, silo, key, DemandOf(key), leavesAfter);
            if (answer?.Version is { } version && (!_seen.TryGetValue(key, out var newest) || newest.IsBefore(version))) _seen[key] = version;
        }
    }

    private ChaosSilo? Choose()
    {
        // Now and then one that is not ready, as through a list that is outdated.
        if (dice.Percent(2) && fleet.Members is { Count: > 0 } members) return members[dice.Below(members.Count)];
        if (_isFaithful && _silo is { IsReady: true } && fleet.Members.Contains(_silo)) return _silo;
        return _silo = fleet.Ready is { Count: > 0 } ready ? ready[dice.Below(ready.Count)] : null;
    }

    private Demand DemandOf(AnswerKey key)
    {
        var seen = _seen.TryGetValue(key, out var version) && dice.Percent(50) ? version : default(AnswerVersion?);
        return dice.Below(100) switch
        {
            < 60 => new(IfNoneMatch: seen),
            < 75 => new(TimeSpan.Zero, IfNoneMatch: seen),
            < 92 => new(TimeSpan.FromSeconds(dice.Between(1, 5)), IfNoneMatch: seen),
            _ => new(OnlyIfCached: true, IfNoneMatch: seen),
        };
    }
}
