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
/// <param name="Logger">Where refreshes are logged.</param>
/// <param name="Holder">This process's name in leases; another at each start.</param>
public sealed record CachedQueryContext(
    IReadOnlyDictionary<Mart, IMartSource> Sources,
    ISnapshotStore Snapshots,
    ILeaseStore Leases,
    CacheOptions Options,
    TimeProvider Time,
    ILogger<CachedQuery> Logger,
    string Holder)
{
    /// <summary>The owner that refreshes the keys in this process's place; null when they are refreshed here.</summary>
    public IRemoteOwner? RemoteOwner { get; init; }

    /// <summary>Where else to look for broader snapshots; null for nowhere.</summary>
    public IBroaderSnapshots? MoreBroader { get; init; }

    /// <summary>The part of <see cref="CacheOptions.MaxBytes"/> that these keys may take, up to 1.</summary>
    public double MemoryShare { get; init; } = 1;

    internal long MaxBytes => (long)(Options.MaxBytes * MemoryShare);
}

/// <summary>Finds a held snapshot that a narrower one can be cut from.</summary>
public interface IBroaderSnapshots
{
    /// <summary>A snapshot of the same mart and month, of a shorter prefix of the key's, read under that very change token; else null.</summary>
    Snapshot? Find(QueryKey key, string dataVersion);
}
