using TransactionPipeline.Silo.Membership.Api;
using TransactionPipeline.Silo.Membership.Resources;

namespace TransactionPipeline.Silo.Membership;

internal sealed partial class KubernetesMembershipTable
{
    /// <inheritdoc/>
    /// <remarks>
    /// The table version rises as with any other change: Orleans takes in a table only when its version is newer, and would otherwise
    /// ask for the same cleanup again and again.
    /// </remarks>
    public async Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            var beats = await store.ReadHeartbeatsAsync(store.ClusterId, cancellationToken);
            var table = await store.ReadTableAsync(cancellationToken);
            var kept = table.Spec.Silos.Where(row => !SiloRows.IsDefunct(row, BeatOf(beats, row.Address), beforeDate)).ToArray();
            var removed = table.Spec.Silos.Count - kept.Length;
            var spec = table.Spec with { Version = table.Spec.Version + 1, Silos = kept };
            if (removed == 0 || await store.TryWriteTableAsync(table, spec, cancellationToken))
            {
                await DeleteOrphansAsync(kept, beats, beforeDate, cancellationToken);
                if (removed > 0) LogCleaned(removed, beforeDate);
                return;
            }

            // The table belongs to joining and dying silos first; cleaning waits for a quiet moment and is asked for again later.
            if (attempt == CleanupAttempts)
            {
                throw new KubernetesApiException(
                    KubernetesFault.Conflict, $"The table changed under each of {CleanupAttempts} attempts to clean it up.");
            }

            await store.PauseAsync(attempt, cancellationToken);
        }
    }

    private static DateTime? BeatOf(Dictionary<string, DateTime> beats, string address) =>
        beats.TryGetValue(address, out var beat) ? beat : null;

    // A silo writes its heartbeat before or after its row, so only an old heartbeat without a row is nobody's.
    private async Task DeleteOrphansAsync(
        SiloRow[] kept, Dictionary<string, DateTime> beats, DateTimeOffset beforeDate, CancellationToken cancellationToken)
    {
        var living = kept.Select(row => row.Address).ToHashSet(StringComparer.Ordinal);
        foreach (var (address, beat) in beats)
        {
            if (beat < beforeDate.UtcDateTime && !living.Contains(address))
                await store.DeleteHeartbeatAsync(store.ClusterId, address, cancellationToken);
        }
    }
}
