using System.Net.Http.Json;
using TransactionPipeline.Core.Google;

namespace TransactionPipeline.Core.Archive;

/// <summary>The few methods of Cloud Storage's JSON API that are needed, for one bucket.</summary>
public sealed class CloudStorageClient
{
    private const string GoogleEndpoint = "https://storage.googleapis.com";

    private readonly GoogleHttp _http;
    private readonly string _objects;
    private readonly string _upload;

    /// <summary>Over <paramref name="http"/>, for <paramref name="bucket"/>; a blank endpoint is Google's.</summary>
    public CloudStorageClient(GoogleHttp http, string endpoint, string bucket)
    {
        _http = http;
        Bucket = bucket;
        var root = (endpoint.Length == 0 ? GoogleEndpoint : endpoint).TrimEnd('/');
        _objects = $"{root}/storage/v1/b/{Uri.EscapeDataString(bucket)}/o";
        _upload = $"{root}/upload/storage/v1/b/{Uri.EscapeDataString(bucket)}/o";
    }

    /// <summary>The bucket's name.</summary>
    public string Bucket { get; }

    /// <summary>The object's metadata; null when there is no such object.</summary>
    /// <exception cref="GoogleApiException">The call failed.</exception>
    public async Task<StorageObject?> FindAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(() => new(HttpMethod.Get, UriOf(name)), StorageJson.Default.StorageObject, cancellationToken);
        }
        catch (GoogleApiException error) when (error.Reason == GoogleReasons.NotFound)
        {
            return null;
        }
    }

    /// <summary>Adds entries to the object's own metadata; an object that is gone (by a lifecycle rule, say) is no failure.</summary>
    /// <exception cref="GoogleApiException">The call failed.</exception>
    public async Task MarkAsync(string name, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        try
        {
            await _http.SendAsync(
                () => new(HttpMethod.Patch, UriOf(name))
                {
                    Content = JsonContent.Create(new StorageObjectChange(metadata), StorageJson.Default.StorageObjectChange),
                },
                cancellationToken);
        }
        catch (GoogleApiException error) when (error.Reason == GoogleReasons.NotFound)
        {
            // Nothing to mark.
        }
    }

    /// <summary>Removes the object; one that is not there is no failure.</summary>
    /// <exception cref="GoogleApiException">The call failed.</exception>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await _http.SendAsync(() => new(HttpMethod.Delete, UriOf(name)), cancellationToken);
        }
        catch (GoogleApiException error) when (error.Reason == GoogleReasons.NotFound || error.Status == 404)
        {
            // Gone already: what was wanted.
        }
    }

    /// <summary>Begins an upload. The object comes to be, or is replaced, when the upload is completed.</summary>
    /// <exception cref="GoogleApiException">The call failed.</exception>
    public async Task<ResumableUpload> BeginUploadAsync(string name, string contentType, int chunkBytes, CancellationToken cancellationToken)
    {
        var session = await _http.SendForLocationAsync(
            () => new(HttpMethod.Post, $"{_upload}?uploadType=resumable&name={Uri.EscapeDataString(name)}")
            {
                Content = JsonContent.Create(new NewStorageObject(contentType), StorageJson.Default.NewStorageObject),
                Headers = { { "X-Upload-Content-Type", contentType } },
            },
            cancellationToken);
        return new ResumableUpload(_http, session, chunkBytes);
    }

    private string UriOf(string name) => $"{_objects}/{Uri.EscapeDataString(name)}";
}
