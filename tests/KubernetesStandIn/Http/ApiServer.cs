using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TransactionPipeline.KubernetesStandIn.Faults;
using TransactionPipeline.KubernetesStandIn.Storage;

namespace TransactionPipeline.KubernetesStandIn.Http;

/// <summary>The one handler behind every address: signs in, authorizes, breaks what is switched to break, and answers.</summary>
internal sealed class ApiServer(KubernetesStandInServer server, ObjectStore store, TimeProvider time)
{
    private readonly ObjectApi _objects = new(store, time);

    public ObjectApi Objects => _objects;

    public async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        if (!IsSignedIn(http))
        {
            await AnswerAsync(http, new ApiException(401, "Unauthorized", "Unauthorized"));
            return;
        }

        if (ApiPath.Parse(path) is not { } address)
        {
            if (new Discovery(_objects).Answer(path) is { } found) await WriteAsync(http, 200, found, cut: false);
            else await NoSuchAddressAsync(http);
            return;
        }

        var call = CallOf(http, address);
        try
        {
            await HandleAsync(http, address, call);
        }
        catch (ApiException e)
        {
            server.Log.Add(call, e.Code);
            await AnswerAsync(http, e);
        }
    }

    private static ApiCall CallOf(HttpContext http, ApiPath address)
    {
        var one = address.Name.Length > 0;
        var verb = http.Request.Method switch
        {
            "GET" when http.Request.Query["watch"].ToString() is "true" or "1" => "watch",
            "GET" => one ? "get" : "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => one ? "delete" : "deletecollection",
            var other => other.ToLowerInvariant(),
        };
        return new ApiCall(verb, address.Group, address.Plural, address.Subresource, address.Namespace ?? "", address.Name);
    }

    private async Task HandleAsync(HttpContext http, ApiPath address, ApiCall call)
    {
        var fault = server.Faults.Take(call.Verb, call.Resource, kind => kind != FaultKind.CutWatch, out var cleared);
        if (await BreakAsync(http, call, fault, cleared)) return;

        // The real server finds out who may before it finds out what is.
        Authorize(call);
        var resource = _objects.Definitions.FirstOrDefault(one =>
            string.Equals(one.Group, address.Group, StringComparison.Ordinal) && string.Equals(one.Version, address.Version, StringComparison.Ordinal)
            && string.Equals(one.Plural, address.Plural, StringComparison.Ordinal));
        if (resource is null || address.Subresource.Length > 0)
        {
            server.Log.Add(call, 404);
            await NoSuchAddressAsync(http);
            return;
        }

        if (call.Verb is "watch")
        {
            server.Log.Add(call, 200);
            await new Watch(store, server.Faults, time).RunAsync(http, resource, address.Namespace);
            return;
        }

        var (code, answer) = await CarryOutAsync(http, resource, address, call, fault?.Kind == FaultKind.StaleRead);
        server.Log.Add(call, code);
        await WriteAsync(http, code, answer, cut: fault?.Kind == FaultKind.CutOff);
    }

    private async Task<(int Code, JsonObject Answer)> CarryOutAsync(HttpContext http, ResourceDefinition resource, ApiPath at, ApiCall call, bool stale)
    {
        var query = http.Request.Query;
        switch (call.Verb)
        {
            case "get":
                return (200, _objects.Get(resource, at.Namespace, at.Name, stale));
            case "list":
                return (200, _objects.List(resource, at.Namespace, query, stale));
            case "create":
                return (201, _objects.Create(resource, at.Namespace, (await BodyAsync(http)).AsObject(), query));
            case "update":
                return (200, _objects.Update(resource, at.Namespace, at.Name, (await BodyAsync(http)).AsObject(), query));
            case "patch":
                return await PatchAsync(http, resource, at, call);
            case "delete":
                return (200, _objects.Delete(resource, at.Namespace, at.Name, await OptionsAsync(http)));
            case "deletecollection":
                return (200, _objects.DeleteAll(resource, at.Namespace, query));
            default:
                throw new ApiException(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
        }
    }

    private async Task<(int Code, JsonObject Answer)> PatchAsync(HttpContext http, ResourceDefinition resource, ApiPath at, ApiCall call)
    {
        var type = http.Request.ContentType?.Split(';')[0] ?? "";
        var body = await BodyAsync(http);
        var made = type is "application/apply-patch+yaml" && store.Find(ObjectApi.Key(resource, at.Namespace, at.Name)) is null;
        // An apply that creates needs the right to create as well.
        if (made)
        {
            var create = call with { Verb = "create" };
            Authorize(create);
            server.Log.Add(create, 201);
        }

        return (made ? 201 : 200, _objects.Patch(resource, at.Namespace, at.Name, type, body, http.Request.Query));
    }

    private async Task<bool> BreakAsync(HttpContext http, ApiCall call, FaultRule? fault, Task cleared)
    {
        switch (fault?.Kind)
        {
            case FaultKind.Conflict:
                throw new ApiException(409, "Conflict", $"Operation cannot be fulfilled on {call.Resource}.{call.Group} \"{call.Name}\": the object has been modified") { Kind = call.Resource, Name = call.Name };
            case FaultKind.Unauthorized:
                throw new ApiException(401, "Unauthorized", "Unauthorized");
            case FaultKind.Forbidden:
                throw Forbidden(call);
            case FaultKind.Gone:
                throw ApiException.Expired();
            case FaultKind.TooManyRequests:
                throw new ApiException(429, "TooManyRequests", "the server has received too many requests and has asked us to try again later") { RetryAfter = fault.Delay };
            case FaultKind.ServerError:
                throw new ApiException(500, "InternalError", "Internal error occurred: etcdserver: leader changed");
            case FaultKind.Slow:
                using (var gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted))
                {
                    await Task.WhenAny(Task.Delay(fault.Delay, time, gone.Token), cleared);
                    await gone.CancelAsync();
                }

                return http.RequestAborted.IsCancellationRequested;
            case FaultKind.Garbage:
                server.Log.Add(call, 200);
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync("<html>a proxy's page</html>");
                return true;
            case FaultKind.Outage:
                server.Log.Add(call, 0);
                http.Abort();
                return true;
            default:
                return false;
        }
    }

    private bool IsSignedIn(HttpContext http) => server.Tokens is not { } tokens
        || (http.Request.Headers.Authorization.ToString() is var header && header.StartsWith("Bearer ", StringComparison.Ordinal)
            && tokens.Contains(header["Bearer ".Length..], StringComparer.Ordinal));

    private void Authorize(ApiCall call)
    {
        if (server.Rules is { } rules && !rules.Any(rule => rule.Allows(call))) throw Forbidden(call);
    }

    private static ApiException Forbidden(ApiCall call) => new(
        403,
        "Forbidden",
        $"{call.Resource}.{call.Group} \"{call.Name}\" is forbidden: User \"system:serviceaccount:{call.Namespace}:silo\" cannot {call.Verb} resource \"{call.Resource}\" in API group \"{call.Group}\" in the namespace \"{call.Namespace}\"")
    { Kind = call.Resource, Name = call.Name };

    private static async Task<JsonNode> BodyAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(http.RequestAborted);
        try
        {
            if (http.Request.ContentType?.Contains("yaml", StringComparison.Ordinal) == true && !text.TrimStart().StartsWith('{')) return Manifests.Parse(text)[0];
            return JsonNode.Parse(text) ?? throw ApiException.BadRequest("the body is empty");
        }
        catch (JsonException e)
        {
            throw ApiException.BadRequest($"the body is no JSON: {e.Message}");
        }
    }

    private static async Task<JsonObject?> OptionsAsync(HttpContext http) =>
        http.Request.ContentLength is null or 0 ? null : await BodyAsync(http) as JsonObject;

    // The server's mux, not its API, answers for kinds that it doesn't serve: plain text and no Status.
    private static async Task NoSuchAddressAsync(HttpContext http)
    {
        http.Response.StatusCode = 404;
        http.Response.ContentType = "text/plain; charset=utf-8";
        await http.Response.WriteAsync("404 page not found\n");
    }

    private static Task AnswerAsync(HttpContext http, ApiException error)
    {
        if (error.RetryAfter is { } wait) http.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString();
        return WriteAsync(http, error.Code, error.ToStatus(), cut: false);
    }

    private static async Task WriteAsync(HttpContext http, int code, JsonObject body, bool cut)
    {
        var bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        http.Response.StatusCode = code;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(cut ? bytes.AsMemory(0, bytes.Length / 2) : bytes);
        if (!cut) return;
        await http.Response.Body.FlushAsync();
        http.Abort();
    }
}
