using Microsoft.Extensions.Options;
using TransactionPipeline.Silo.Membership.Api;
using TransactionPipeline.Silo.Membership.Resources;

namespace TransactionPipeline.Silo.Membership;

/// <summary>Orleans' membership table in one Kubernetes custom resource.</summary>
/// <remarks>
/// The table version's etag is the object's resourceVersion, so the API server itself lets only one of two writers through. A write
/// whose answer is lost throws; Orleans then reads the table again and finds out what became of it.
/// </remarks>
internal sealed partial class KubernetesMembershipTable(
    MembershipStore store, IOptions<KubernetesMembershipOptions> options, TimeProvider time, ILogger<KubernetesMembershipTable> logger) : IMembershipTable
{
    private const int CleanupAttempts = 5;

    private readonly long _started = time.GetTimestamp();

    public async Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken = default)
    {
        if (tryInitTableVersion)
        {
            await PatientlyAsync(
                async () =>
                {
                    await store.EnsureTableAsync(cancellationToken);
                    return true;
                },
                cancellationToken);
        }
        LogReady(store.ClusterId);
    }

    public Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken = default) =>
        PatientlyAsync(() => ReadAllOnceAsync(cancellationToken), cancellationToken);

    /// <summary>A pod and the API server may start together, after a power cut say; or the latter goes away while the former joins.</summary>
    private async Task<T> PatientlyAsync<T>(Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        for (var attempts = 1; ; attempts++)
        {
            try
            {
                return await attempt();
            }
            catch (KubernetesApiException away) when (away.IsTransient && time.GetElapsedTime(_started) < options.Value.StartPatience)
            {
                LogWaiting(away.Message);
                await store.PauseAsync(attempts, cancellationToken);
            }
        }
    }

    private async Task<MembershipTableData> ReadAllOnceAsync(CancellationToken cancellationToken)
    {
        // Together, not in turn: the heartbeats are no part of the snapshot, and half the time matters when silos are being judged.
        var beats = store.ReadHeartbeatsAsync(store.ClusterId, cancellationToken);
        var reading = store.ReadTableAsync(cancellationToken);
        await Task.WhenAll(reading, beats);
        var table = await reading;
        var heartbeats = await beats;
        return new MembershipTableData(table.Spec.Silos.Select(row => Member(row, heartbeats)).ToList(), VersionOf(table));
    }

    public async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken = default)
    {
        var all = await ReadAllAsync(cancellationToken);
        return all.TryGet(key) is { } row ? new MembershipTableData(row, all.Version) : new MembershipTableData(all.Version);
    }

    public async Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken = default)
    {
        var table = await store.ReadTableAsync(cancellationToken);
        var row = SiloRows.ToRow(entry, tableVersion.Version);
        if (!IsCurrent(table, tableVersion) || IndexOf(table, row.Address) >= 0)
        {
            LogRefused("insert", row.Address, tableVersion.Version, table.Spec.Version);
            return false;
        }

        return await TryWriteAsync("insert", table, [.. table.Spec.Silos, row], tableVersion, row.Address, cancellationToken);
    }

    public async Task<bool> UpdateRowAsync(
        MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken = default)
    {
        var table = await store.ReadTableAsync(cancellationToken);
        var row = SiloRows.ToRow(entry, tableVersion.Version);
        var at = IndexOf(table, row.Address);
        if (!IsCurrent(table, tableVersion) || at < 0 || !string.Equals(Etag(table.Spec.Silos[at]), etag, StringComparison.Ordinal))
        {
            LogRefused("update", row.Address, tableVersion.Version, table.Spec.Version);
            return false;
        }

        var rows = table.Spec.Silos.ToArray();
        rows[at] = row with { Others = rows[at].Others };
        return await TryWriteAsync("update", table, rows, tableVersion, row.Address, cancellationToken);
    }

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken = default) =>
        store.BeatAsync(entry.SiloAddress.ToParsableString(), SiloRows.Utc(entry.IAmAliveTime), cancellationToken);

    public async Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken = default)
    {
        var beats = await store.ReadHeartbeatsAsync(clusterId, cancellationToken);
        foreach (var address in beats.Keys)
        {
            await store.DeleteHeartbeatAsync(clusterId, address, cancellationToken);
        }

        await store.DeleteTableAsync(clusterId, cancellationToken);
        LogDeleted(clusterId);
    }

    private static Tuple<MembershipEntry, string> Member(SiloRow row, Dictionary<string, DateTime> heartbeats) =>
        Tuple.Create(SiloRows.ToEntry(row, heartbeats.TryGetValue(row.Address, out var beat) ? beat : null), Etag(row));

    private static TableVersion VersionOf(SiloMembership table) => new(table.Spec.Version, table.Metadata.ResourceVersion!);

    private static bool IsCurrent(SiloMembership table, TableVersion tableVersion) =>
        string.Equals(table.Metadata.ResourceVersion, tableVersion.VersionEtag, StringComparison.Ordinal);

    private static string Etag(SiloRow row) => row.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static int IndexOf(SiloMembership table, string address)
    {
        for (var i = 0; i < table.Spec.Silos.Count; i++)
        {
            if (string.Equals(table.Spec.Silos[i].Address, address, StringComparison.Ordinal)) return i;
        }

        return -1;
    }

    private async Task<bool> TryWriteAsync(
        string what,
        SiloMembership table,
        IReadOnlyList<SiloRow> rows,
        TableVersion next,
        string address,
        CancellationToken cancellationToken)
    {
        var spec = table.Spec with { Version = next.Version, Silos = rows };
        var written = await store.TryWriteTableAsync(table, spec, cancellationToken);
        if (written) LogWritten(what, address, next.Version);
        else LogRefused(what, address, next.Version, table.Spec.Version);
        return written;
    }
}
