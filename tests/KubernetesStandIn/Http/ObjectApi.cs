using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using TransactionPipeline.KubernetesStandIn.Storage;

namespace TransactionPipeline.KubernetesStandIn.Http;

/// <summary>What the verbs do to objects.</summary>
internal sealed class ObjectApi(ObjectStore store, TimeProvider time)
{
    private static readonly string[] ServersOwn = ["uid", "creationTimestamp", "resourceVersion", "generation", "managedFields"];

    public IEnumerable<ResourceDefinition> Definitions =>
        store.List(ResourceDefinition.Crds.Group, ResourceDefinition.Crds.Plural, ns: null).Items.SelectMany(ResourceDefinition.Of)
            .Prepend(ResourceDefinition.Crds)
            .Prepend(ResourceDefinition.Namespaces);

    public static ObjectKey Key(ResourceDefinition resource, string? ns, string name) => new(resource.Group, resource.Plural, ns ?? "", name);

    public JsonObject Get(ResourceDefinition resource, string? ns, string name, bool stale)
    {
        var key = Key(resource, ns, name);
        return (stale ? store.FindPrevious(key) : store.Find(key)) ?? throw ApiException.NotFound(resource, name);
    }

    public JsonObject List(ResourceDefinition resource, string? ns, IQueryCollection query, bool stale)
    {
        long? revision = stale ? store.RevisionBeforeNewest(resource.Group, resource.Plural) : null;
        var skip = 0;
        if (query["continue"].ToString() is { Length: > 0 } token)
        {
            var parts = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('/');
            revision = long.Parse(parts[0], CultureInfo.InvariantCulture);
            skip = int.Parse(parts[1], CultureInfo.InvariantCulture);
        }

        var (at, all) = store.List(resource.Group, resource.Plural, ns, revision);
        var items = all.Where(new Selectors(query).Match).Skip(skip).ToList();
        var metadata = new JsonObject { ["resourceVersion"] = at.ToString(CultureInfo.InvariantCulture) };
        if (int.TryParse(query["limit"], CultureInfo.InvariantCulture, out var limit) && limit > 0 && items.Count > limit)
        {
            metadata["continue"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{at}/{skip + limit}"));
            metadata["remainingItemCount"] = items.Count - limit;
            items = items[..limit];
        }

        return new JsonObject
        {
            ["apiVersion"] = resource.GroupVersion,
            ["kind"] = resource.ListKind,
            ["metadata"] = metadata,
            ["items"] = new JsonArray([.. items]),
        };
    }

    public JsonObject Create(ResourceDefinition resource, string? ns, JsonObject body, IQueryCollection query)
    {
        var name = body["metadata"]?["name"]?.GetValue<string>();
        if (string.IsNullOrEmpty(name)) throw ApiException.Invalid(resource, "", "metadata.name: Required value: name or generateName is required");
        return Write(resource, ns, name, query, before => before is not null ? throw ApiException.Exists(resource, name) : body);
    }

    public JsonObject Update(ResourceDefinition resource, string? ns, string name, JsonObject body, IQueryCollection query) =>
        Write(resource, ns, name, query, before =>
        {
            if (before is null) throw ApiException.NotFound(resource, name);
            if (body["metadata"]?["resourceVersion"] is not { } revision)
                throw ApiException.Invalid(resource, name, "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
            RequireRevision(resource, name, before, revision);
            return body;
        });

    public JsonObject Patch(ResourceDefinition resource, string? ns, string name, string type, JsonNode body, IQueryCollection query)
    {
        switch (type)
        {
            case "application/merge-patch+json":
                return Patched(before => JsonPatches.Merge(before, body)!.AsObject());
            case "application/json-patch+json":
                return Patched(before => JsonPatches.Apply(before, body.AsArray()));
            case "application/apply-patch+yaml":
                if (query["fieldManager"].ToString() is not { Length: > 0 } manager) throw ApiException.BadRequest("PatchOptions.meta.k8s.io is invalid: fieldManager: Required value");
                var force = string.Equals(query["force"], "true", StringComparison.Ordinal);
                return Write(resource, ns, name, query, before =>
                    ServerSideApply.Apply(resource, name, before ?? Skeleton(body.AsObject()), body.AsObject(), manager, force, time.GetUtcNow()));
            default:
                // What the real server says of strategic merge patches on custom resources.
                throw new ApiException(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
        }

        JsonObject Patched(Func<JsonObject, JsonObject> change) => Write(resource, ns, name, query, before =>
        {
            if (before is null) throw ApiException.NotFound(resource, name);
            var after = change(before);
            if (after["metadata"]?["resourceVersion"] is { } revision) RequireRevision(resource, name, before, revision);
            return after;
        });
    }

    public JsonObject Delete(ResourceDefinition resource, string? ns, string name, JsonObject? options)
    {
        var expected = options?["preconditions"]?["uid"]?.GetValue<string>();
        var gone = store.Write(Key(resource, ns, name), before =>
        {
            if (before is null) throw ApiException.NotFound(resource, name);
            var uid = before["metadata"]!["uid"]!.GetValue<string>();
            return expected is null || string.Equals(uid, expected, StringComparison.Ordinal)
                ? null
                : throw new ApiException(409, "Conflict", $"the UID in the precondition ({expected}) does not match the UID in record ({uid})");
        });
        return new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = new JsonObject { ["name"] = name, ["group"] = resource.Group, ["kind"] = resource.Plural, ["uid"] = gone["metadata"]!["uid"]!.GetValue<string>() },
        };
    }

    public JsonObject DeleteAll(ResourceDefinition resource, string? ns, IQueryCollection query)
    {
        var list = List(resource, ns, query, stale: false);
        foreach (var item in list["items"]!.AsArray())
        {
            Delete(resource, resource.Namespaced ? item!["metadata"]!["namespace"]!.GetValue<string>() : null, item!["metadata"]!["name"]!.GetValue<string>(), null);
        }

        return list;
    }

    private static JsonObject Skeleton(JsonObject body) => new()
    {
        ["apiVersion"] = body["apiVersion"]?.DeepClone(),
        ["kind"] = body["kind"]?.DeepClone(),
        ["metadata"] = new JsonObject { ["name"] = body["metadata"]?["name"]?.DeepClone() },
    };

    private static void RequireRevision(ResourceDefinition resource, string name, JsonObject before, JsonNode revision)
    {
        if (!JsonNode.DeepEquals(before["metadata"]!["resourceVersion"], revision)) throw ApiException.Conflict(resource, name);
    }

    private JsonObject Write(ResourceDefinition resource, string? ns, string name, IQueryCollection query, Func<JsonObject?, JsonObject> change)
    {
        if (resource.Namespaced && store.Find(Key(ResourceDefinition.Namespaces, null, ns!)) is null) throw ApiException.NotFound(ResourceDefinition.Namespaces, ns!);
        var dryRun = string.Equals(query["dryRun"], "All", StringComparison.Ordinal);
        var key = Key(resource, ns, name);
        if (dryRun) return Finish(store.Find(key));
        return store.Write(key, Finish);

        JsonObject Finish(JsonObject? before)
        {
            var after = change(before?.DeepClone().AsObject()).DeepClone().AsObject();
            Check(resource, name, after, query);
            Stamp(resource, ns, name, before, after);
            return after;
        }
    }

    private static void Check(ResourceDefinition resource, string name, JsonObject after, IQueryCollection query)
    {
        if (!string.Equals(after["apiVersion"]?.GetValue<string>(), resource.GroupVersion, StringComparison.Ordinal)
            || !string.Equals(after["kind"]?.GetValue<string>(), resource.Kind, StringComparison.Ordinal))
            throw ApiException.BadRequest($"the object provided ({after["apiVersion"]} {after["kind"]}) does not match the address ({resource.GroupVersion} {resource.Kind})");
        if (!string.Equals(after["metadata"]?["name"]?.GetValue<string>(), name, StringComparison.Ordinal))
            throw ApiException.BadRequest($"the name of the object ({after["metadata"]?["name"]}) does not match the name on the URL ({name})");
        if (name.Length > 253 || !name.All(c => char.IsAsciiDigit(c) || char.IsAsciiLetterLower(c) || c is '-' or '.') || !char.IsAsciiLetterOrDigit(name[0]) || !char.IsAsciiLetterOrDigit(name[^1]))
            throw ApiException.Invalid(resource, name, $"metadata.name: Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'");
        foreach (var (label, value) in after["metadata"]?["labels"] as JsonObject ?? [])
        {
            if (value!.GetValue<string>().Length > 63) throw ApiException.Invalid(resource, name, $"metadata.labels: Invalid value: {label}: must be no more than 63 bytes");
        }

        if (resource.Schema is not { } schema) return;
        var (unknown, errors) = StructuralSchema.Apply(after, schema);
        if (unknown.Count > 0 && string.Equals(query["fieldValidation"], "Strict", StringComparison.Ordinal))
            throw ApiException.BadRequest($"{resource.Kind} in version \"{resource.Version}\" cannot be handled as a {resource.Kind}: strict decoding error: {string.Join(", ", unknown.Select(path => $"unknown field \"{path}\""))}");
        if (errors.Count > 0) throw ApiException.Invalid(resource, name, errors);
    }

    private void Stamp(ResourceDefinition resource, string? ns, string name, JsonObject? before, JsonObject after)
    {
        var metadata = after["metadata"]!.AsObject();
        if (resource.Namespaced) metadata["namespace"] = ns;
        metadata["name"] = name;
        var old = before?["metadata"]?.AsObject();
        // Server-side apply brings its own managedFields; any other writer's are the server's.
        foreach (var field in ServersOwn.Where(field => field is not "managedFields" || metadata[field] is null))
        {
            if (old?[field] is { } kept) metadata[field] = kept.DeepClone();
            else metadata.Remove(field);
        }

        if (old is null)
        {
            metadata["uid"] = Guid.NewGuid().ToString();
            metadata["creationTimestamp"] = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ");
            metadata["generation"] = 1;
        }
        else if (!JsonNode.DeepEquals(before!["spec"], after["spec"]))
        {
            metadata["generation"] = (old["generation"]?.GetValue<int>() ?? 0) + 1;
        }

        if (resource == ResourceDefinition.Crds) after["status"] = Established(after, time.GetUtcNow(), before);
        if (resource == ResourceDefinition.Namespaces) after["status"] = new JsonObject { ["phase"] = "Active" };
    }

    private static JsonObject Established(JsonObject crd, DateTimeOffset now, JsonObject? before)
    {
        var at = before?["status"]?["conditions"]?[0]?["lastTransitionTime"]?.GetValue<string>() ?? now.ToString("yyyy-MM-ddTHH:mm:ssZ");
        JsonObject Condition(string type, string reason) => new()
        {
            ["type"] = type,
            ["status"] = "True",
            ["reason"] = reason,
            ["message"] = "",
            ["lastTransitionTime"] = at,
        };
        return new JsonObject
        {
            ["conditions"] = new JsonArray(Condition("NamesAccepted", "NoConflicts"), Condition("Established", "InitialNamesAccepted")),
            ["acceptedNames"] = crd["spec"]!["names"]!.DeepClone(),
            ["storedVersions"] = new JsonArray([.. crd["spec"]!["versions"]!.AsArray().Where(v => v!["storage"]?.GetValue<bool>() == true).Select(v => v!["name"]!.DeepClone())]),
        };
    }
}
