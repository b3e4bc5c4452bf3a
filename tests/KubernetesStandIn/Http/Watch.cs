using System.Globalization;
using System.Text.Json.Nodes;
using TransactionPipeline.KubernetesStandIn.Faults;
using TransactionPipeline.KubernetesStandIn.Storage;

namespace TransactionPipeline.KubernetesStandIn.Http;

/// <summary>A watch: one JSON event a line until the client goes, the time is up, or a switch cuts it.</summary>
internal sealed class Watch(ObjectStore store, FaultSwitches faults, TimeProvider time)
{
    public async Task RunAsync(HttpContext http, ResourceDefinition resource, string? ns)
    {
        var query = http.Request.Query;
        var selectors = new Selectors(query);
        using var limit = new CancellationTokenSource(
            TimeSpan.FromSeconds(int.TryParse(query["timeoutSeconds"], CultureInfo.InvariantCulture, out var seconds) ? seconds : 3600), time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, limit.Token);
        http.Response.ContentType = "application/json";
        await http.Response.Body.FlushAsync(ended.Token);
        try
        {
            var after = await BeginAsync(http, resource, ns, query, selectors, ended.Token);
            while (true)
            {
                var (changes, next) = store.ChangesAfter(after, resource.Group, resource.Plural, ns);
                foreach (var change in changes)
                {
                    after = change.Revision;
                    if (!selectors.Match(change.Value)) continue;
                    if (await CutAsync(http, resource, change)) return;
                    await SendAsync(http, change.Type, change.Value.DeepClone().AsObject(), ended.Token);
                }

                await next.WaitAsync(ended.Token);
            }
        }
        catch (ApiException e)
        {
            // The answer has begun with 200, so a revision that is gone is told as an event.
            await SendAsync(http, "ERROR", e.ToStatus(), CancellationToken.None);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
        }
    }

    private static async Task SendAsync(HttpContext http, string type, JsonObject value, CancellationToken cancel)
    {
        var line = new JsonObject { ["type"] = type, ["object"] = value }.ToJsonString() + "\n";
        await http.Response.WriteAsync(line, cancel);
        await http.Response.Body.FlushAsync(cancel);
    }

    private async Task<long> BeginAsync(HttpContext http, ResourceDefinition resource, string? ns, IQueryCollection query, Selectors selectors, CancellationToken cancel)
    {
        var asked = query["resourceVersion"].ToString();
        var initial = string.Equals(query["sendInitialEvents"], "true", StringComparison.Ordinal);
        if (asked is not ("" or "0") && !initial)
        {
            return long.TryParse(asked, CultureInfo.InvariantCulture, out var revision)
                ? revision
                : throw ApiException.BadRequest($"invalid resource version \"{asked}\"");
        }

        var (at, items) = store.List(resource.Group, resource.Plural, ns);
        foreach (var item in items.Where(selectors.Match))
        {
            await SendAsync(http, "ADDED", item, cancel);
        }

        if (initial)
        {
            await SendAsync(http, "BOOKMARK", new JsonObject
            {
                ["apiVersion"] = resource.GroupVersion,
                ["kind"] = resource.Kind,
                ["metadata"] = new JsonObject
                {
                    ["resourceVersion"] = at.ToString(CultureInfo.InvariantCulture),
                    ["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" },
                },
            }, cancel);
        }

        return at;
    }

    private async Task<bool> CutAsync(HttpContext http, ResourceDefinition resource, Change change)
    {
        if (faults.Take("watch", resource.Plural, kind => kind == FaultKind.CutWatch, out _) is null) return false;
        var line = new JsonObject { ["type"] = change.Type, ["object"] = change.Value.DeepClone() }.ToJsonString();
        await http.Response.WriteAsync(line[..(line.Length / 2)]);
        await http.Response.Body.FlushAsync();
        http.Abort();
        return true;
    }
}
