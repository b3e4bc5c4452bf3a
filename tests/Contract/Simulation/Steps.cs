using System.Globalization;
using TransactionPipeline.Contract.Simulation.Cluster;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>
/// Something that a run is told to do, <paramref name="At"/> milliseconds after its beginning. A plan is made before it is carried out, so
/// that steps may be left out of it; one that finds nothing to do does nothing. Written as the C# that makes it.
/// </summary>
internal abstract record Step(int At)
{
    public sealed override string ToString()
    {
        var constructor = GetType().GetConstructors()[0];
        var arguments = constructor.GetParameters().Select(parameter => GetType().GetProperty(parameter.Name!)!.GetValue(this) switch
        {
            bool flag => $"{parameter.Name}: {(flag ? "true" : "false")}",
            Enum mode => $"{mode.GetType().Name}.{mode}",
            var value => $"{(parameter.Position == 0 ? "" : $"{parameter.Name}: ")}{Convert.ToString(value, CultureInfo.InvariantCulture)}",
        });
        return $"new {GetType().Name}({string.Join(", ", arguments)})";
    }
}

/// <summary>A client asks; <paramref name="MaxAge"/> below 0 is none, <paramref name="LeavesAfter"/> below 0 never.</summary>
internal sealed record Ask(int At, int Client, int Place, int Key, int MaxAge, bool OnlyIfCached, bool NamesVersion, int LeavesAfter) : Step(At);

/// <summary>A month changes, see <see cref="SimulatedMart.Change"/>.</summary>
internal sealed record Change(int At, int Month, int What) : Step(At);

/// <summary>A month's change token shows before its rows.</summary>
internal sealed record ChangeTokenFirst(int At, int Month, int Later) : Step(At);

/// <summary>A month goes back, see <see cref="SimulatedMart.GoBack"/>.</summary>
internal sealed record GoBack(int At, int Month, int States, bool TokenToo) : Step(At);

/// <summary>A mart is slow, fails, or has no budget.</summary>
internal sealed record MartFault(int At, MartMode Mode, int Time) : Step(At);

/// <summary>The store is away, or slow, or read-only.</summary>
internal sealed record StoreFault(int At, StoreMode Mode, int Time) : Step(At);

/// <summary>The store is copied.</summary>
internal sealed record CopyStore(int At) : Step(At);

/// <summary>The store is put back to its copy.</summary>
internal sealed record RestoreStore(int At) : Step(At);

/// <summary>The network between silos is bad.</summary>
internal sealed record NetworkFault(int At, NetworkMode Mode, int Percent, int Time) : Step(At);

/// <summary>Notifications are lost.</summary>
internal sealed record LoseNotices(int At, int Time) : Step(At);

/// <summary>A silo is killed, so many of its tasks later; another one starts in its place.</summary>
internal sealed record Kill(int At, int Place, int AfterTasks, int KnownAfter, int RestartsAfter) : Step(At);

/// <summary>A silo stands still.</summary>
internal sealed record Freeze(int At, int Place, int Time, int KnownAfter) : Step(At);

/// <summary>A silo leaves.</summary>
internal sealed record Leave(int At, int Place) : Step(At);

/// <summary>A silo joins, where there is none.</summary>
internal sealed record Join(int At, int Place) : Step(At);

/// <summary>A key's grain goes for want of questions.</summary>
internal sealed record Deactivate(int At, int Key) : Step(At);

/// <summary>A key's grain, or the watcher when there is no such key, is in two silos for a time.</summary>
internal sealed record Split(int At, int Key, int Time) : Step(At);

/// <summary>A silo's clock jumps.</summary>
internal sealed record Jump(int At, int Place, int By) : Step(At);

/// <summary>An operator drops a key.</summary>
internal sealed record Drop(int At, int Place, int Key) : Step(At);

/// <summary>Nobody has asked for long: it is told what each silo still looks at.</summary>
internal sealed record Rest(int At) : Step(At);
