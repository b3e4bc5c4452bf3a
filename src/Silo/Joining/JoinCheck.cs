using TransactionPipeline.Core.Store;
using TransactionPipeline.Silo.Hosting;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Silo.Joining;

/// <summary>
/// Keeps this silo out of a cluster whose silos serve other marts or use another store: a key's owner there would answer from other data,
/// and no lease would hold between the two.
/// </summary>
internal sealed partial class JoinCheck(
    ServedStores stores, ServedStoresClient client, ILocalSiloDetails local, IMembershipTable membership, ClusterSettings settings, TimeProvider time,
    ILogger<JoinCheck> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private const int Attempts = 3;

    /// <summary>Longer than a silo takes to find out that its stores are away.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public void Participate(ISiloLifecycle lifecycle)
    {
        // Said first: where nobody listens, the attempts to connect go on until the time to join is over.
        if (settings.Primary is { } primary) lifecycle.Subscribe(nameof(JoinCheck), ServiceLifecycleStage.First, _ => SayAsync(primary));
        // Before the cluster hears of this silo, so that it leaves no trace when it is refused. A member that does not answer may be one
        // that died and is not yet known to be dead.
        lifecycle.Subscribe(nameof(JoinCheck), ServiceLifecycleStage.RuntimeGrainServices + 1, stop => CheckAsync(mustAnswer: false, stop));
        // And once this silo's row says "joining": of two that start together, the later one sees the other. All active members have
        // been reached by then. This silo is not active yet: it has no grain and gets no call but this one.
        lifecycle.Subscribe(nameof(JoinCheck), ServiceLifecycleStage.ValidateInitialConnectivity + 1, stop => CheckAsync(mustAnswer: true, stop));
    }

    private Task SayAsync(string primary)
    {
        LogJoining(local.ClusterId, primary);
        return Task.CompletedTask;
    }

    /// <exception cref="StartRefusedException">A silo of the cluster uses other databases; the message names them.</exception>
    private async Task CheckAsync(bool mustAnswer, CancellationToken cancellationToken)
    {
        var others = (await membership.ReadAllAsync(cancellationToken)).Members.Select(row => row.Item1)
            .Where(other => !other.SiloAddress.Equals(local.SiloAddress) && other.Status is SiloStatus.Joining or SiloStatus.Active)
            .ToList();
        if (others.Count == 0) return;
        var own = await stores.IdentifyAsync(cancellationToken);
        await Task.WhenAll(others.Select(other => CheckAsync(own, other, mustAnswer, cancellationToken)));
    }

    private async Task CheckAsync(
        IReadOnlyDictionary<string, StoreIdentity> own, MembershipEntry other, bool mustAnswer, CancellationToken cancellationToken)
    {
        if (await AskAsync(other, mustAnswer, cancellationToken) is not { } theirs) return;
        var differences = FindDifferences(own, theirs).ToList();
        if (differences.Count == 0) return;
        throw new StartRefusedException(
            $"Refusing to join the cluster {local.ClusterId}: its silo {other.SiloName} has {string.Join(", and ", differences)}. Silos of one cluster "
            + "serve the same marts over the same store. Give this one the same settings, or a cluster of its own: outside Kubernetes by leaving "
            + "cluster__primary out, in Kubernetes by another cluster__cluster_id.");
    }

    /// <summary>What the other silo says; null when it says nothing and need not.</summary>
    private async Task<ServedStore[]?> AskAsync(MembershipEntry other, bool mustAnswer, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await client.AskAsync(other.SiloAddress).WaitAsync(Patience, time, cancellationToken);
            }
            catch (Exception silent) when (silent is not OperationCanceledException)
            {
                if (!mustAnswer) return null;
                if (attempt < Attempts) continue;
                // One that is joining and lives checks this silo as soon as it can; else it was killed on its way, and stays in the table
                // for a while.
                if (other.Status == SiloStatus.Joining) return null;
                throw new StartRefusedException(
                    $"Refusing to join the cluster {local.ClusterId}: its silo {other.SiloName} does not say which marts and which store it uses "
                    + $"({silent.GetType().Name}). Start this one again when that silo answers, or has been declared dead.");
            }
        }
    }

    internal static IEnumerable<string> FindDifferences(IReadOnlyDictionary<string, StoreIdentity> own, IEnumerable<ServedStore> theirs)
    {
        foreach (var store in theirs)
        {
            // A part that only a later version has is not this one's to judge.
            if (own.TryGetValue(store.Part, out var mine) && !mine.IsSameAs(store.ToIdentity()))
                yield return $"another {store.Part} ({store.ToIdentity()}; here {mine})";
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Joining the cluster {Cluster} by the silo at {Primary} (cluster__primary), for as long as a join may take")]
    private partial void LogJoining(string cluster, string primary);
}
