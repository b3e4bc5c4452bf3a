using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Silo.Membership.Resources;

namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>The few REST calls that membership needs, on the custom resources of one namespace.</summary>
internal sealed partial class KubernetesApi(
    HttpClient http, string ns, KubernetesMembershipOptions options, MembershipMetrics metrics, TimeProvider time, ILogger<KubernetesApi> logger)
    : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue MergePatch = new("application/merge-patch+json");

    private Uri Server => http.BaseAddress!;

    public void Dispose() => http.Dispose();

    /// <summary>Reads one object, null when there is none. Without a revision in the query the answer is the newest, not a cached one.</summary>
    public async Task<T?> GetAsync<T>(KubernetesResource<T> resource, string name, CancellationToken cancel)
        where T : class
    {
        try
        {
            return await RepeatAsync(() => SendAsync(HttpMethod.Get, Call("get", resource, name), "", null, null, resource.Json, cancel), cancel);
        }
        catch (KubernetesApiException e) when (e.Fault == KubernetesFault.NotFound)
        {
            return null;
        }
    }

    /// <summary>Creates an object. Not repeated: after a lost answer the object may exist, and only the caller knows what that means.</summary>
    public Task<T> CreateAsync<T>(KubernetesResource<T> resource, string name, T value, CancellationToken cancel)
        where T : class =>
        SendAsync(HttpMethod.Post, Call("create", resource, name), "", JsonSerializer.SerializeToUtf8Bytes(value, resource.Json), Json, resource.Json, cancel);

    /// <summary>Puts a whole object in place of the one with the same resourceVersion. Not repeated, for the same reason.</summary>
    public Task<T> ReplaceAsync<T>(KubernetesResource<T> resource, string name, T value, CancellationToken cancel)
        where T : class =>
        SendAsync(HttpMethod.Put, Call("update", resource, name), "", JsonSerializer.SerializeToUtf8Bytes(value, resource.Json), Json, resource.Json, cancel);

    /// <summary>Merges fields into an object whatever its revision.</summary>
    public Task<T> PatchAsync<T>(KubernetesResource<T> resource, string name, T value, CancellationToken cancel)
        where T : class
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, resource.Json);
        return RepeatAsync(() => SendAsync(HttpMethod.Patch, Call("patch", resource, name), "", body, MergePatch, resource.Json, cancel), cancel);
    }

    /// <summary>Deletes an object; one that is gone already is as good.</summary>
    public async Task DeleteAsync<T>(KubernetesResource<T> resource, string name, CancellationToken cancel)
        where T : class
    {
        try
        {
            // The answer is a Status or the object, by the server's choice; only its code matters.
            await RepeatAsync(() => SendAsync(HttpMethod.Delete, Call("delete", resource, name), "", null, null, MembershipJson.Default.JsonElement, cancel), cancel);
        }
        catch (KubernetesApiException e) when (e.Fault == KubernetesFault.NotFound)
        {
        }
    }

    private static KubernetesCall Call<T>(string verb, KubernetesResource<T> resource, string? name, string ns) => new(verb, resource.Plural, ns, name);

    private KubernetesCall Call<T>(string verb, KubernetesResource<T> resource, string? name) => Call(verb, resource, name, ns);

    private Uri Address(KubernetesCall call, string query)
    {
        var address = new StringBuilder($"apis/{MembershipApi.Group}/{MembershipApi.Version}/namespaces/{ns}/{call.Resource}");
        if (call is { Name: not null, Verb: not "create" }) address.Append('/').Append(call.Name);
        return new Uri(Server, address.Append(query).ToString());
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method, KubernetesCall call, string query, byte[]? body, MediaTypeHeaderValue? type, JsonTypeInfo<T> json, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        try
        {
            var answer = await SendOnceAsync(method, call, query, body, type, json, cancel);
            metrics.Called(call, fault: null, time.GetElapsedTime(started));
            return answer;
        }
        catch (KubernetesApiException e)
        {
            metrics.Called(call, e.Fault, time.GetElapsedTime(started));
            throw;
        }
    }

    private async Task<T> SendOnceAsync<T>(
        HttpMethod method, KubernetesCall call, string query, byte[]? body, MediaTypeHeaderValue? type, JsonTypeInfo<T> json, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(options.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            using var request = new HttpRequestMessage(method, Address(call, query));
            request.Headers.Accept.ParseAdd("application/json");
            if (body is not null)
            {
                request.Content = new ByteArrayContent(body);
                request.Content.Headers.ContentType = type;
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            // Read whole before parsing: a body that ends early must show as cut off and not as bad JSON.
            var answer = await response.Content.ReadAsByteArrayAsync(either.Token);
            if (!response.IsSuccessStatusCode)
                throw KubernetesFaults.FromAnswer(call, response.StatusCode, Encoding.UTF8.GetString(answer), response.Headers.RetryAfter?.Delta);
            return JsonSerializer.Deserialize(answer, json) ?? throw new JsonException("null in place of an object");
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw KubernetesFaults.TimedOut(call, options.RequestTimeout, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            throw KubernetesFaults.FromFailure(call, e, Server);
        }
    }
}
