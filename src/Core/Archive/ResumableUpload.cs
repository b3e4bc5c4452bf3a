using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using TransactionPipeline.Core.Google;

namespace TransactionPipeline.Core.Archive;

/// <summary>
/// One resumable upload: content is appended, sent in chunks of a multiple of 256 KiB, and what of a chunk was lost is sent again. After any
/// failure the service is asked how much it has (<c>Content-Range: bytes */*</c>); the chunk is kept until then.
/// </summary>
public sealed class ResumableUpload : IAsyncDisposable
{
    /// <summary>Every chunk but the last must be a multiple of this.</summary>
    public const int Quantum = 256 * 1024;

    // The service may take a part of a chunk each time; without any progress a session is given up after this many looks.
    private const int MostWithoutProgress = 5;

    private readonly GoogleHttp _http;
    private readonly Uri _session;
    private readonly byte[] _chunk;
    private int _filled;
    private long _sent;
    private bool _completed;

    internal ResumableUpload(GoogleHttp http, Uri session, int chunkBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkBytes, Quantum);
        _http = http;
        _session = session;
        _chunk = new byte[chunkBytes / Quantum * Quantum];
    }

    /// <summary>Appends content; sends whenever a chunk is full.</summary>
    /// <exception cref="GoogleApiException">The upload failed for good.</exception>
    public async Task AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        while (content.Length > 0)
        {
            if (_filled == _chunk.Length) await SendAsync(isLast: false, cancellationToken);
            var fits = Math.Min(content.Length, _chunk.Length - _filled);
            content[..fits].CopyTo(_chunk.AsMemory(_filled));
            _filled += fits;
            content = content[fits..];
        }
    }

    /// <summary>Sends the rest; the object is there when the task ends.</summary>
    /// <exception cref="GoogleApiException">The upload failed for good.</exception>
    public async Task<StorageObject> CompleteAsync(CancellationToken cancellationToken)
    {
        var made = await SendAsync(isLast: true, cancellationToken)
            ?? throw new GoogleApiException(GoogleReasons.Connection);
        _completed = true;
        return made;
    }

    /// <summary>Gives the upload up unless it was completed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_completed) return;
        _completed = true;
        try
        {
            // The caller's token is often cancelled by now; the call has its own time-out. Google answers 499 to a cancelled session.
            await _http.SendOnceAsync(() => new(HttpMethod.Delete, _session), (_, _) => Task.FromResult(true), CancellationToken.None);
        }
        catch (GoogleApiException)
        {
            // It expires by itself within a week, and makes no object before.
        }
    }

    private async Task<StorageObject?> SendAsync(bool isLast, CancellationToken cancellationToken)
    {
        var end = _sent + _filled;
        for (var looks = 0; ; looks++)
        {
            if (looks == MostWithoutProgress) throw new GoogleApiException(GoogleReasons.Connection);
            var answer = await SendOrLookAsync(isLast, end, cancellationToken);
            if (answer.Made is not null) return answer.Made;
            if (answer.Has < _sent || answer.Has > end) throw new GoogleApiException("uploadLost");
            if (answer.Has > _sent) looks = -1;
            var taken = (int)(answer.Has - _sent);
            _chunk.AsSpan(taken, _filled - taken).CopyTo(_chunk);
            _filled -= taken;
            _sent += taken;
            // Everything is there: go on with the next chunk; or, at the end, ask once more for the object.
            if (_filled == 0 && !isLast) return null;
        }
    }

    private async Task<Answer> SendOrLookAsync(bool isLast, long end, CancellationToken cancellationToken)
    {
        var total = isLast ? end.ToString(CultureInfo.InvariantCulture) : "*";
        try
        {
            // An empty body has no range of bytes: "*" then only names the total.
            var range = _filled == 0 ? $"bytes */{total}" : $"bytes {_sent}-{end - 1}/{total}";
            return await _http.SendOnceAsync(() => Put(range, _filled), ReadAsync, cancellationToken);
        }
        catch (GoogleApiException error) when (error.IsTransient)
        {
            return await _http.RetryAsync(token => _http.SendOnceAsync(() => Put($"bytes */{total}", 0), ReadAsync, token), cancellationToken);
        }
    }

    private HttpRequestMessage Put(string range, int length)
    {
        var content = new ByteArrayContent(_chunk, 0, length);
        content.Headers.TryAddWithoutValidation("Content-Range", range);
        return new(HttpMethod.Put, _session) { Content = content };
    }

    // 308 has a Range header "bytes=0-N" with what the service keeps, or none while it keeps nothing.
    private static async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.PermanentRedirect)
            return new(await response.Content.ReadFromJsonAsync(StorageJson.Default.StorageObject, cancellationToken), 0);
        var range = response.Headers.TryGetValues("Range", out var values) ? values.First() : null;
        return new(null, range is null ? 0 : long.Parse(range.AsSpan(range.IndexOf('-', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture) + 1);
    }

    private readonly record struct Answer(StorageObject? Made, long Has);
}
