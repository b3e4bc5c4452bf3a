using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>
/// The files under <c>/assets</c>. Pages name them with a part of their content's hash, so that browsers may keep them for good and
/// still see a new version at once.
/// </summary>
internal sealed class AssetStore(string directory)
{
    private const string Path = "/assets/";
    private static readonly FileExtensionContentTypeProvider ContentTypes = new();
    private readonly ConcurrentDictionary<string, Asset> _assets = new(StringComparer.Ordinal);

    /// <summary>The address of <paramref name="name"/>, with its version.</summary>
    public string UrlOf(string name) => Find(name) is { } asset ? $"{Path}{name}?v={asset.Version}" : Path + name;

    /// <summary>Answers a request for <paramref name="name"/>: 404 unless it is a file of the directory itself.</summary>
    public IResult Serve(string name, HttpContext context)
    {
        if (Find(name) is not { } asset) return TypedResults.NotFound();
        var isVersioned = string.Equals(context.Request.Query["v"], asset.Version, StringComparison.Ordinal);
        context.Response.Headers.CacheControl = isVersioned ? "public, max-age=31536000, immutable" : "no-cache";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.File(asset.Bytes, asset.ContentType, entityTag: new EntityTagHeaderValue($"\"{asset.Version}\""));
    }

    private Asset? Find(string name)
    {
        if (name.Contains('/', StringComparison.Ordinal) || name.Contains('\\', StringComparison.Ordinal) || name.StartsWith('.')) return null;
        if (!ContentTypes.TryGetContentType(name, out var contentType)) return null;
        var file = new FileInfo(System.IO.Path.Combine(directory, name));
        if (!file.Exists) return null;
        if (_assets.TryGetValue(name, out var known) && known.WrittenAt == file.LastWriteTimeUtc) return known;
        var bytes = File.ReadAllBytes(file.FullName);
        return _assets[name] = new Asset(bytes, contentType, Convert.ToHexStringLower(SHA256.HashData(bytes))[..12], file.LastWriteTimeUtc);
    }

    private sealed record Asset(byte[] Bytes, string ContentType, string Version, DateTime WrittenAt);
}
