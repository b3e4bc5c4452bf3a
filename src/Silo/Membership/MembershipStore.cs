using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using TransactionPipeline.Silo.Membership.Api;
using TransactionPipeline.Silo.Membership.Resources;

namespace TransactionPipeline.Silo.Membership;

/// <summary>One cluster's table object and heartbeat objects.</summary>
internal sealed class MembershipStore(KubernetesApi api, IOptions<ClusterOptions> cluster)
{
    private static readonly KubernetesResource<SiloMembership> Tables = new(MembershipApi.Tables, MembershipJson.Default.SiloMembership);
    private static readonly KubernetesResource<SiloHeartbeat> Heartbeats = new(MembershipApi.Heartbeats, MembershipJson.Default.SiloHeartbeat);

    public string ClusterId => cluster.Value.ClusterId;

    public Task<SiloMembership?> FindTableAsync(CancellationToken cancel) => api.GetAsync(Tables, ClusterId, cancel);

    public async Task<SiloMembership> ReadTableAsync(CancellationToken cancel) =>
        await FindTableAsync(cancel) ?? throw new KubernetesApiException(
            KubernetesFault.NotFound,
            $"The membership table {MembershipApi.Tables}.{MembershipApi.Group}/{ClusterId} is gone. A silo makes it when it starts: restart the silos.");

    /// <summary>Makes the empty table unless there is one.</summary>
    public async Task EnsureTableAsync(CancellationToken cancel)
    {
        if (await FindTableAsync(cancel) is not null) return;
        var table = new SiloMembership { Metadata = Named(ClusterId), Spec = new SiloMembershipSpec() };
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await api.CreateAsync(Tables, ClusterId, table, cancel);
                return;
            }
            catch (KubernetesApiException e) when (e.Fault == KubernetesFault.Conflict)
            {
                return; // Silos that start together all try; one wins, or an earlier try of ours went through with its answer lost.
            }
            catch (KubernetesApiException e) when (e.IsTransient && attempt < 4)
            {
                await api.PauseAsync(attempt, e.RetryAfter, cancel);
            }
        }
    }

    /// <summary>Writes the table if nobody has since it was read.</summary>
    /// <returns>False when somebody has.</returns>
    public async Task<bool> TryWriteTableAsync(SiloMembership read, SiloMembershipSpec spec, CancellationToken cancel)
    {
        try
        {
            await api.ReplaceAsync(Tables, ClusterId, read with { Spec = spec }, cancel);
            return true;
        }
        catch (KubernetesApiException e) when (e.Fault == KubernetesFault.Conflict)
        {
            return false;
        }
    }

    public Task DeleteTableAsync(string clusterId, CancellationToken cancel) => api.DeleteAsync(Tables, clusterId, cancel);

    public async Task<Dictionary<string, DateTime>> ReadHeartbeatsAsync(string clusterId, CancellationToken cancel)
    {
        var beats = await api.ListAsync(Heartbeats, MembershipApi.ClusterLabel, clusterId, cancel);
        var times = new Dictionary<string, DateTime>(StringComparer.Ordinal);
        foreach (var beat in beats)
        {
            times[beat.Spec.Address] = beat.Spec.IAmAliveTime;
        }

        return times;
    }

    /// <summary>Writes one silo's heartbeat, whatever was there.</summary>
    public async Task BeatAsync(string address, DateTime time, CancellationToken cancel)
    {
        var name = HeartbeatName(ClusterId, address);
        var beat = new SiloHeartbeat { Metadata = Named(name), Spec = new SiloHeartbeatSpec(address, time) };
        try
        {
            // A merge patch without a revision can't conflict. It doesn't create either, so a silo's first beat takes two calls.
            await api.PatchAsync(Heartbeats, name, beat, cancel);
        }
        catch (KubernetesApiException e) when (e.Fault == KubernetesFault.NotFound)
        {
            try
            {
                await api.CreateAsync(Heartbeats, name, beat, cancel);
            }
            catch (KubernetesApiException created) when (created.Fault == KubernetesFault.Conflict)
            {
                await api.PatchAsync(Heartbeats, name, beat, cancel);
            }
        }
    }

    public Task DeleteHeartbeatAsync(string clusterId, string address, CancellationToken cancel) =>
        api.DeleteAsync(Heartbeats, HeartbeatName(clusterId, address), cancel);

    public Task PauseAsync(int attempt, CancellationToken cancel) => api.PauseAsync(attempt, null, cancel);

    // An address has characters that a name can't have, above all in IPv6; the plain address is in the object.
    private static string HeartbeatName(string clusterId, string address) =>
        $"{clusterId}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address)))[..16]}";

    private ObjectMetadata Named(string name) => new()
    {
        Name = name,
        Labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [MembershipApi.ClusterLabel] = ClusterId,
            ["app.kubernetes.io/managed-by"] = "transaction-pipeline-silo",
        },
    };
}
