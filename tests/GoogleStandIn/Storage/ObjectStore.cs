using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace TransactionPipeline.GoogleStandIn.Storage;

/// <summary>An object: its bytes and the metadata that a client gave.</summary>
internal sealed record StoredObject(string Bucket, string Name, byte[] Content, JsonObject Metadata, long Generation, DateTimeOffset Created)
{
    public string Md5 { get; } = Convert.ToBase64String(Hash(Content));

    public string Crc32C { get; } = Crc(Content);

    public JsonObject ToResource()
    {
        var resource = (JsonObject)Metadata.DeepClone();
        resource["kind"] = "storage#object";
        resource["id"] = $"{Bucket}/{Name}/{Generation}";
        resource["bucket"] = Bucket;
        resource["name"] = Name;
        resource["size"] = $"{Content.Length}";
        resource["generation"] = $"{Generation}";
        resource["metageneration"] ??= "1";
        resource["md5Hash"] = Md5;
        resource["crc32c"] = Crc32C;
        resource["updated"] = Created.ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
        resource["timeCreated"] = Created.ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
        resource["storageClass"] = "STANDARD";
        return resource;
    }

    // The protocol names MD5 as a checksum of the transfer; nothing is secured by it.
#pragma warning disable CA5351
    private static byte[] Hash(byte[] content) => MD5.HashData(content);
#pragma warning restore CA5351

    private static string Crc(byte[] content)
    {
        var crc = uint.MaxValue;
        foreach (var next in content) crc = BitOperations.Crc32C(crc, next);
        crc = ~crc;
        return Convert.ToBase64String([(byte)(crc >> 24), (byte)(crc >> 16), (byte)(crc >> 8), (byte)crc]);
    }
}

/// <summary>A resumable upload that is under way.</summary>
internal sealed class UploadSession(string bucket, string name, JsonObject metadata)
{
    public string Bucket { get; } = bucket;

    public string Name { get; } = name;

    public JsonObject Metadata { get; } = metadata;

    public MemoryStream Received { get; } = new();

    public StoredObject? Finished { get; set; }
}

/// <summary>Buckets and objects, in memory.</summary>
internal sealed class ObjectStore(TimeProvider time)
{
    private readonly SortedDictionary<string, JsonObject> _buckets = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, StoredObject> _objects = new(StringComparer.Ordinal);
    private long _generation = 1_700_000_000_000_000;

    public Lock Lock { get; } = new();

    public Dictionary<string, UploadSession> Sessions { get; } = new(StringComparer.Ordinal);

    public IEnumerable<JsonObject> Buckets => _buckets.Values;

    public JsonObject? FindBucket(string bucket) => _buckets.GetValueOrDefault(bucket);

    public JsonObject AddBucket(string name, JsonObject resource)
    {
        resource["kind"] = "storage#bucket";
        resource["id"] = name;
        resource["name"] = name;
        resource["timeCreated"] = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
        return _buckets[name] = resource;
    }

    public bool RemoveBucket(string name) => _buckets.Remove(name);

    public StoredObject? Find(string bucket, string name) => _objects.GetValueOrDefault($"{bucket}/{name}");

    public StoredObject Put(string bucket, string name, byte[] content, JsonObject metadata) =>
        _objects[$"{bucket}/{name}"] = new StoredObject(bucket, name, content, metadata, ++_generation, time.GetUtcNow());

    public StoredObject Patch(StoredObject before, JsonObject changes)
    {
        var metadata = (JsonObject)before.Metadata.DeepClone();
        foreach (var (name, value) in changes) metadata[name] = value?.DeepClone();
        return _objects[$"{before.Bucket}/{before.Name}"] = before with { Metadata = metadata };
    }

    public bool Remove(string bucket, string name) => _objects.Remove($"{bucket}/{name}");

    public IEnumerable<StoredObject> List(string bucket, string prefix) =>
        _objects.Values.Where(item => item.Bucket == bucket && item.Name.StartsWith(prefix, StringComparison.Ordinal));
}
