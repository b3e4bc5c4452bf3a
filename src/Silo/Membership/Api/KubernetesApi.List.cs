using System.Text.Json;
using TransactionPipeline.Silo.Membership.Resources;

namespace TransactionPipeline.Silo.Membership.Api;

internal sealed partial class KubernetesApi
{
    // A list that the server forgets twice in a row is being compacted faster than it is read; that's an outage, not a race.
    private const int ListAttempts = 3;

    /// <summary>Reads all objects with a label, page by page.</summary>
    public async Task<List<T>> ListAsync<T>(KubernetesResource<T> resource, string label, string value, CancellationToken cancel)
        where T : class
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ReadPagesAsync(resource, $"?labelSelector={Uri.EscapeDataString($"{label}={value}")}&limit={options.PageSize}", cancel);
            }
            catch (KubernetesApiException e) when (e.Fault == KubernetesFault.Gone && attempt < ListAttempts)
            {
                // Pages of one list are of one revision. Compacted between two pages, the list begins anew.
                LogListRestarted(resource.Plural);
            }
        }
    }

    private async Task<List<T>> ReadPagesAsync<T>(KubernetesResource<T> resource, string query, CancellationToken cancel)
        where T : class
    {
        var items = new List<T>();
        var next = "";
        do
        {
            var address = query + next;
            var call = Call("list", resource, null);
            var page = await RepeatAsync(() => SendAsync(HttpMethod.Get, call, address, null, null, MembershipJson.Default.ListAnswer, cancel), cancel);
            foreach (var item in page.Items)
            {
                items.Add(Read(item, resource, call));
            }

            next = page.Metadata?.Continue is { Length: > 0 } more ? "&continue=" + Uri.EscapeDataString(more) : "";
        }
        while (next.Length > 0);
        return items;
    }

    private T Read<T>(JsonElement item, KubernetesResource<T> resource, KubernetesCall call)
    {
        try
        {
            return item.Deserialize(resource.Json) ?? throw new JsonException("null in place of an object");
        }
        catch (JsonException e)
        {
            throw KubernetesFaults.FromFailure(call, e, Server);
        }
    }
}
