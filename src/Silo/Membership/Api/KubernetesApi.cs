using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using TransactionPipeline.Silo.Membership.Resources;

namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>The few REST calls that membership needs, on the custom resources of one namespace.</summary>
internal sealed partial class KubernetesApi(
    HttpClient http,
    string ns,
    KubernetesMembershipOptions options,
    MembershipMetrics metrics,
    TimeProvider time,
    ILogger<KubernetesApi> logger)
    : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue MergePatch = new("application/merge-patch+json");

    private Uri Server => http.BaseAddress!;

    public void Dispose() => http.Dispose();

    /// <summary>Reads one object, null when there is none.</summary>
    /// <remarks>Without a revision in the query the server answers with the newest state and not from its cache.</remarks>
    public async Task<T?> GetAsync<T>(KubernetesResource<T> resource, string name, CancellationToken cancel)
        where T : class
    {
        try
        {
            return await RepeatAsync(() => SendAsync(Call("get", resource, name), resource.Json, cancel), cancel);
        }
        catch (KubernetesApiException e) when (e.Fault == KubernetesFault.NotFound)
        {
            return null;
        }
    }

    /// <summary>Creates an object.</summary>
    /// <remarks>Not repeated: after a lost answer the object may exist, and only the caller knows what that means.</remarks>
    public Task<T> CreateAsync<T>(KubernetesResource<T> resource, string name, T value, CancellationToken cancel)
        where T : class =>
        SendAsync(Call("create", resource, name), resource.Json, cancel, Body(value, resource.Json, Json));

    /// <summary>Puts a whole object in place of the one with the same resourceVersion. Not repeated, for the same reason.</summary>
    public Task<T> ReplaceAsync<T>(KubernetesResource<T> resource, string name, T value, CancellationToken cancel)
        where T : class =>
        SendAsync(Call("update", resource, name), resource.Json, cancel, Body(value, resource.Json, Json));

    /// <summary>Merges fields into an object whatever its revision.</summary>
    public Task<T> PatchAsync<T>(KubernetesResource<T> resource, string name, T value, CancellationToken cancel)
        where T : class
    {
        var body = Body(value, resource.Json, MergePatch);
        return RepeatAsync(() => SendAsync(Call("patch", resource, name), resource.Json, cancel, body), cancel);
    }

    /// <summary>Deletes an object; one that is gone already is as good.</summary>
    public async Task DeleteAsync<T>(KubernetesResource<T> resource, string name, CancellationToken cancel)
        where T : class
    {
        try
        {
            // The answer is a Status or the object, by the server's choice; only its code matters.
            await RepeatAsync(() => SendAsync(Call("delete", resource, name), MembershipJson.Default.JsonElement, cancel), cancel);
        }
        catch (KubernetesApiException e) when (e.Fault == KubernetesFault.NotFound)
        {
        }
    }

    private static RequestBody Body<T>(T value, JsonTypeInfo<T> json, MediaTypeHeaderValue type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, json), type);

    private static HttpMethod Method(string verb) => verb switch
    {
        "create" => HttpMethod.Post,
        "update" => HttpMethod.Put,
        "patch" => HttpMethod.Patch,
        "delete" => HttpMethod.Delete,
        _ => HttpMethod.Get,
    };

    private KubernetesCall Call<T>(string verb, KubernetesResource<T> resource, string? name) => new(verb, resource.Plural, ns, name);

    private Uri Address(KubernetesCall call, string query)
    {
        var address = new StringBuilder($"apis/{MembershipApi.Group}/{MembershipApi.Version}/namespaces/{ns}/{call.Resource}");
        if (call is { Name: not null, Verb: not "create" }) address.Append('/').Append(call.Name);
        return new Uri(Server, address.Append(query).ToString());
    }

    private async Task<T> SendAsync<T>(
        KubernetesCall call, JsonTypeInfo<T> json, CancellationToken cancel, RequestBody? body = null, string query = "")
    {
        var started = time.GetTimestamp();
        try
        {
            var answer = await SendOnceAsync(call, json, cancel, body, query);
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
        KubernetesCall call, JsonTypeInfo<T> json, CancellationToken cancel, RequestBody? body = null, string query = "")
    {
        using var limit = new CancellationTokenSource(options.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            using var request = new HttpRequestMessage(Method(call.Verb), Address(call, query));
            request.Headers.Accept.ParseAdd("application/json");
            if (body is not null)
            {
                request.Content = new ByteArrayContent(body.Json);
                request.Content.Headers.ContentType = body.Type;
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            // Read whole before parsing: a body that ends early must show as cut off and not as bad JSON.
            var answer = await response.Content.ReadAsByteArrayAsync(either.Token);
            if (!response.IsSuccessStatusCode)
            {
                var wait = response.Headers.RetryAfter?.Delta;
                throw KubernetesFaults.FromAnswer(call, response.StatusCode, Encoding.UTF8.GetString(answer), wait);
            }

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

    private sealed record RequestBody(byte[] Json, MediaTypeHeaderValue Type);
}
