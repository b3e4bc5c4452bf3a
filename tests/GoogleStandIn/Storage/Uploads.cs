using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace TransactionPipeline.GoogleStandIn.Storage;

/// <summary>The three ways to upload: simple media, multipart, resumable.</summary>
internal sealed class Uploads(ObjectStore store)
{
    private const int Quantum = 256 * 1024;

    public async Task<IResult> BeginAsync(HttpRequest request, string bucket)
    {
        lock (store.Lock)
        {
            if (store.FindBucket(bucket) is null) return StorageApi.NoBucket();
        }
        switch (request.Query("uploadType"))
        {
            case "media":
                return Finish(request, bucket, request.Query("name")!, await ReadAllAsync(request.Body), new() { ["contentType"] = request.ContentType });
            case "multipart":
                var (metadata, content) = await ReadMultipartAsync(request);
                return Finish(request, bucket, request.Query("name") ?? metadata["name"]!.GetValue<string>(), content, metadata);
            case "resumable":
                var given = request.ContentLength > 0 ? await Wire.ReadAsync(request) : [];
                if (request.Headers["X-Upload-Content-Type"].FirstOrDefault() is { } type) given["contentType"] ??= type;
                var id = Guid.NewGuid().ToString("N");
                lock (store.Lock) store.Sessions[id] = new UploadSession(bucket, request.Query("name") ?? given["name"]!.GetValue<string>(), given);
                request.HttpContext.Response.Headers.Location = $"http://{request.Host}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={id}";
                return Results.Ok();
            default:
                return Wire.Error(400, "invalid", "Bad uploadType");
        }
    }

    public async Task<IResult> ContinueAsync(HttpRequest request)
    {
        UploadSession? session;
        lock (store.Lock) session = store.Sessions.GetValueOrDefault(request.Query("upload_id") ?? "");
        if (session is null) return Wire.Error(404, "notFound", "No such upload session.");
        if (session.Finished is { } done) return Wire.Json(done.ToResource());

        var range = ContentRange.Parse(request.Headers.ContentRange.FirstOrDefault());
        if (range.Start is { } start)
        {
            // What the service has already is skipped; a gap is refused.
            if (start > session.Received.Length) return Wire.Error(503, "backendError", "The upload has a gap.");
            var content = await ReadAllAsync(request.Body);
            if (request.HttpContext.Items.ContainsKey(FaultKind.CutRequest))
            {
                Append(session, start, content.AsSpan(0, content.Length / 2 / Quantum * Quantum));
                return Results.StatusCode(500);
            }
            if (range.Total is null && content.Length % Quantum != 0 && request.ContentLength is not null)
                return Wire.Error(400, "invalid", "The size of a chunk must be a multiple of 256 KiB.");
            Append(session, start, content);
        }
        if (range.Total == session.Received.Length)
            return FinishSession(session);
        // The client streams without knowing the end and sends no more: the whole upload in one chunk.
        if (range.IsLast) return FinishSession(session);
        if (session.Received.Length > 0) request.HttpContext.Response.Headers.Range = $"bytes=0-{session.Received.Length - 1}";
        request.HttpContext.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = "Resume Incomplete";
        return Results.StatusCode(308);
    }

    public IResult Cancel(HttpRequest request)
    {
        lock (store.Lock) return store.Sessions.Remove(request.Query("upload_id") ?? "") ? Results.StatusCode(499) : Wire.Error(404, "notFound", "No such upload session.");
    }

    /// <summary>The two parts of a multipart/related body: JSON, then the content.</summary>
    public static async Task<(JsonObject Metadata, byte[] Content)> ReadMultipartAsync(HttpRequest request)
    {
        var type = request.ContentType ?? "";
        var boundary = type[(type.IndexOf("boundary=", StringComparison.Ordinal) + 9)..].Trim('"', '\'');
        var reader = new MultipartReader(boundary, request.Body);
        var metadata = await reader.ReadNextSectionAsync();
        var json = (JsonNode.Parse(await ReadAllAsync(metadata!.Body)) ?? new JsonObject()).AsObject();
        var content = await reader.ReadNextSectionAsync();
        if (content!.ContentType is { } contentType) json["contentType"] ??= contentType;
        return (json, await ReadAllAsync(content.Body));
    }

    private static void Append(UploadSession session, long start, ReadOnlySpan<byte> content)
    {
        var known = (int)(session.Received.Length - start);
        if (known >= content.Length) return;
        session.Received.Position = session.Received.Length;
        session.Received.Write(content[known..]);
    }

    private IResult FinishSession(UploadSession session)
    {
        lock (store.Lock)
        {
            session.Finished = store.Put(session.Bucket, session.Name, session.Received.ToArray(), session.Metadata);
            return Wire.Json(session.Finished.ToResource());
        }
    }

    private IResult Finish(HttpRequest request, string bucket, string name, byte[] content, JsonObject metadata)
    {
        lock (store.Lock)
        {
            if (request.Query("ifGenerationMatch") == "0" && store.Find(bucket, name) is not null)
                return Wire.Error(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.");
            return Wire.Json(store.Put(bucket, name, content, metadata).ToResource());
        }
    }

    private static async Task<byte[]> ReadAllAsync(Stream body)
    {
        using var content = new MemoryStream();
        await body.CopyToAsync(content);
        return content.ToArray();
    }

    /// <summary><c>bytes 0-99/*</c>, <c>bytes 0-99/100</c>, <c>bytes 0-*/*</c>, <c>bytes */100</c>, <c>bytes */*</c>, or none: all at once.</summary>
    private readonly record struct ContentRange(long? Start, long? Total, bool IsLast)
    {
        public static ContentRange Parse(string? header)
        {
            if (header is null) return new(0, null, true);
            var parts = header["bytes ".Length..].Split('/');
            var total = parts[1] == "*" ? (long?)null : long.Parse(parts[1], CultureInfo.InvariantCulture);
            if (parts[0] == "*") return new(null, total, false);
            var ends = parts[0].Split('-');
            return new(long.Parse(ends[0], CultureInfo.InvariantCulture), total, ends[1] == "*" && total is null);
        }
    }
}
