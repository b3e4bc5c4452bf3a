using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Cache;

/// <summary>What every <see cref="CachedQuery"/> of a process works with.</summary>
/// <param name="Sources">The mart behind each part.</param>
/// <param name="Snapshots">Where snapshots outlive the process.</param>
/// <param name="Leases">Who may refresh.</param>
/// <param name="Options">Ages and limits.</param>
/// <param name="Time">The clock.</param>
/// <param name="Versions">Issues versions.</param>
/// <param name="Logger">Where refreshes are logged.</param>
/// <param name="Holder">This process's name in leases, see <see cref="ILeaseHolders.Own"/>.</param>
public sealed record CachedQueryContext(
    IReadOnlyDictionary<Mart, IMartSource> Sources,
    ISnapshotStore Snapshots,
    ILeaseStore Leases,
    CacheOptions Options,
    TimeProvider Time,
    VersionClock Versions,
    ILogger<KeyTable> Logger,
    string Holder)
{
    /// <summary>How operators know this process; the machine's name, or the silo's.</summary>
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>The owner that refreshes the keys in this process's place; null when they are refreshed here.</summary>
    public IRemoteOwner? RemoteOwner { get; init; }

    /// <summary>What owning a key takes in memory beside the key itself, such as its grain; counted for it.</summary>
    public long BytesPerOwnedKey { get; init; }

    /// <summary>Told of a key that this process owns and that leaves memory for want of room, so that its owning ends too. Must not wait.</summary>
    public Action<QueryKey>? OwnedKeyEvicted { get; init; }

    /// <summary>Where refreshes run; the thread pool unless a test wants to own their order.</summary>
    public TaskScheduler Tasks { get; init; } = TaskScheduler.Default;

    /// <summary>In whole microseconds, as the stores keep it: a time must be the same after it was stored.</summary>
    internal DateTimeOffset Now()
    {
        var now = Time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
