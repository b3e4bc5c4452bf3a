using System.Text.Json.Serialization;

namespace TransactionPipeline.Core.Archive;

/// <summary>An object's metadata, as far as it is used here.</summary>
/// <param name="Name">Its full name in the bucket.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Generation">Differs each time the object is written.</param>
/// <param name="Metadata">The user's own entries.</param>
public sealed record StorageObject(string Name, long Size, long Generation, IReadOnlyDictionary<string, string>? Metadata);

internal sealed record NewStorageObject(string ContentType);

internal sealed record StorageObjectChange(IReadOnlyDictionary<string, string> Metadata);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(StorageObject))]
[JsonSerializable(typeof(NewStorageObject))]
[JsonSerializable(typeof(StorageObjectChange))]
internal sealed partial class StorageJson : JsonSerializerContext;
