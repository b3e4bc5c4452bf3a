using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace TransactionPipeline.GoogleStandIn.Storage;

/// <summary>The Cloud Storage JSON API: buckets and objects.</summary>
internal sealed class StorageApi(ObjectStore store)
{
    private readonly Uploads _uploads = new(store);

    public void MapTo(IEndpointRouteBuilder app)
    {
        app.MapPost("/storage/v1/b", CreateBucketAsync).WithMetadata(new ApiName("storage.buckets.insert"));
        app.MapGet("/storage/v1/b", () => Items("storage#buckets", store.Buckets)).WithMetadata(new ApiName("storage.buckets.list"));
        app.MapGet("/storage/v1/b/{bucket}", (string bucket) => store.FindBucket(bucket) is { } found ? Wire.Json(found.DeepClone()) : NoBucket())
            .WithMetadata(new ApiName("storage.buckets.get"));
        app.MapDelete("/storage/v1/b/{bucket}", (string bucket) => store.RemoveBucket(bucket) ? Results.NoContent() : NoBucket())
            .WithMetadata(new ApiName("storage.buckets.delete"));
        app.MapGet("/storage/v1/b/{bucket}/o", ListObjects).WithMetadata(new ApiName("storage.objects.list"));
        app.MapGet("/storage/v1/b/{bucket}/o/{**name}", GetObject).WithMetadata(new ApiName("storage.objects.get"));
        app.MapGet("/download/storage/v1/b/{bucket}/o/{**name}", GetObject).WithMetadata(new ApiName("storage.objects.get"));
        app.MapPatch("/storage/v1/b/{bucket}/o/{**name}", PatchObjectAsync).WithMetadata(new ApiName("storage.objects.patch"));
        app.MapDelete("/storage/v1/b/{bucket}/o/{**name}", DeleteObject).WithMetadata(new ApiName("storage.objects.delete"));
        app.MapPost("/upload/storage/v1/b/{bucket}/o", _uploads.BeginAsync).WithMetadata(new ApiName("storage.objects.insert"));
        app.MapPut("/upload/storage/v1/b/{bucket}/o", _uploads.ContinueAsync).WithMetadata(new ApiName("storage.objects.insert.chunk"));
        app.MapDelete("/upload/storage/v1/b/{bucket}/o", _uploads.Cancel).WithMetadata(new ApiName("storage.objects.insert.cancel"));
    }

    internal static IResult NoBucket() => Wire.Error(404, "notFound", "The specified bucket does not exist.");

    private static IResult NoObject(string bucket, string name) => Wire.Error(404, "notFound", $"No such object: {bucket}/{name}");

    private static IResult Items(string kind, IEnumerable<JsonObject> items) =>
        Wire.Json(new JsonObject { ["kind"] = kind, ["items"] = new JsonArray([.. items.Select(item => item.DeepClone())]) });

    private async Task<IResult> CreateBucketAsync(HttpRequest request)
    {
        var body = await Wire.ReadAsync(request);
        lock (store.Lock)
        {
            var name = body["name"]!.GetValue<string>();
            return store.FindBucket(name) is null
                ? Wire.Json(store.AddBucket(name, body).DeepClone())
                : Wire.Error(409, "conflict", "You already own this bucket. Please select another name.");
        }
    }

    private IResult ListObjects(HttpRequest request, string bucket)
    {
        lock (store.Lock)
        {
            if (store.FindBucket(bucket) is null) return NoBucket();
            var after = request.Query("pageToken") ?? "";
            var most = request.QueryNumber("maxResults") ?? 1000;
            var found = store.List(bucket, request.Query("prefix") ?? "").Where(item => string.CompareOrdinal(item.Name, after) > 0).Take(most + 1).ToList();
            var answer = new JsonObject
            {
                ["kind"] = "storage#objects",
                ["items"] = new JsonArray([.. found.Take(most).Select(item => item.ToResource())]),
            };
            if (found.Count > most) answer["nextPageToken"] = found[most - 1].Name;
            return Wire.Json(answer);
        }
    }

    private IResult GetObject(HttpContext context, string bucket)
    {
        var name = ObjectName(context);
        StoredObject? found;
        lock (store.Lock) found = store.Find(bucket, name);
        if (found is null) return NoObject(bucket, name);
        if (context.Request.Query("alt") != "media") return Wire.Json(found.ToResource());
        context.Response.Headers["x-goog-hash"] = $"crc32c={found.Crc32C},md5={found.Md5}";
        context.Response.Headers["x-goog-generation"] = $"{found.Generation}";
        context.Response.Headers["x-goog-stored-content-encoding"] = "identity";
        return Results.Bytes(
            found.Content, found.Metadata["contentType"]?.GetValue<string>() ?? "application/octet-stream", enableRangeProcessing: true);
    }

    private async Task<IResult> PatchObjectAsync(HttpContext context, string bucket)
    {
        var name = ObjectName(context);
        var changes = await Wire.ReadAsync(context.Request);
        lock (store.Lock)
            return store.Find(bucket, name) is { } found ? Wire.Json(store.Patch(found, changes).ToResource()) : NoObject(bucket, name);
    }

    private IResult DeleteObject(HttpContext context, string bucket)
    {
        var name = ObjectName(context);
        lock (store.Lock) return store.Remove(bucket, name) ? Results.NoContent() : NoObject(bucket, name);
    }

    // Routing leaves %2F in a segment alone but decodes the rest: only the raw text tells the name.
    private static string ObjectName(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.Split('?')[0];
        return Uri.UnescapeDataString(path[(path.IndexOf("/o/", StringComparison.Ordinal) + 3)..]);
    }
}
