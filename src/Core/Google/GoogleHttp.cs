using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace TransactionPipeline.Core.Google;

/// <summary>
/// Calls Google's REST APIs: token, time-out, errors by reason, and retries with backoff and jitter. An answer counts only when its body
/// arrived whole; the body is read inside the attempt, so that one cut off is asked for again.
/// </summary>
public sealed partial class GoogleHttp
{
    private readonly HttpMessageInvoker _http;
    private readonly IAccessTokens _tokens;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TimeSpan _callTimeout;
    private readonly ResiliencePipeline _retries;

    /// <summary>Over <paramref name="http"/>, which must have no time-out of its own below the options'.</summary>
    public GoogleHttp(HttpMessageInvoker http, IAccessTokens tokens, GoogleOptions options, TimeProvider time, ILogger<GoogleHttp> logger)
    {
        _http = http;
        _tokens = tokens;
        _time = time;
        _logger = logger;
        _callTimeout = TimeSpan.FromSeconds(options.CallTimeoutSeconds);
        _retries = options.Attempts <= 1 ? ResiliencePipeline.Empty : Retries(options.Attempts - 1, time);
    }

    // A load that waits longer than this is better begun anew later: it holds the pipeline's lease.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>Backoff of 0.5 s doubled each time, up to 10 s, with jitter; or what Google asks for, up to a minute.</summary>
    internal static ResiliencePipeline Retries(int retries, TimeProvider time) => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<GoogleApiException>(error => error.IsTransient),
            MaxRetryAttempts = retries,
            Delay = TimeSpan.FromSeconds(0.5),
            MaxDelay = TimeSpan.FromSeconds(10),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            DelayGenerator = attempt => new(
                (attempt.Outcome.Exception as GoogleApiException)?.RetryAfter is { } asked ? asked < LongestWait ? asked : LongestWait : null),
        })
        .Build();

    /// <summary>Sends a call that may be repeated; <paramref name="make"/> makes the message of each attempt.</summary>
    /// <exception cref="GoogleApiException">It failed for good, or as often as it is tried.</exception>
    public async Task<T> SendAsync<T>(Func<HttpRequestMessage> make, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        await RetryAsync(
            token => SendOnceAsync(make, Reader(type), token), cancellationToken);

    /// <summary>As the other, for an answer without a body of interest.</summary>
    public async Task SendAsync(Func<HttpRequestMessage> make, CancellationToken cancellationToken) =>
        await RetryAsync(token => SendOnceAsync(make, (_, _) => Task.FromResult(true), token), cancellationToken);

    /// <summary>As the other, for the Location of what was begun.</summary>
    internal async Task<Uri> SendForLocationAsync(Func<HttpRequestMessage> make, CancellationToken cancellationToken) =>
        await RetryAsync(
            token => SendOnceAsync(
                make,
                (response, _) => Task.FromResult(response.Headers.Location ?? throw new GoogleApiException("invalidAnswer", (int)response.StatusCode)),
                token),
            cancellationToken);

    /// <summary>Repeats what fails for a passing reason.</summary>
    internal async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        await _retries.ExecuteAsync(async token => await work(token), cancellationToken);

    /// <summary>Reads an answer of <paramref name="type"/>.</summary>
    internal static Func<HttpResponseMessage, CancellationToken, Task<T>> Reader<T>(JsonTypeInfo<T> type)
        where T : class =>
        async (response, cancellationToken) =>
            await response.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw new JsonException("An empty answer.");

    /// <summary>One attempt.</summary>
    internal async Task<T> SendOnceAsync<T>(
        Func<HttpRequestMessage> make, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_callTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var request = make();
            var token = await _tokens.GetAsync(both.Token);
            if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var response = await _http.SendAsync(request, both.Token);
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.PermanentRedirect) return await read(response, both.Token);
            throw await ReadErrorAsync(response, token, both.Token);
        }
        catch (GoogleApiException error)
        {
            LogFailed(error.Reason, error.Status);
            LogDetails(error.Details);
            throw;
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(GoogleReasons.TimedOut, 0);
            throw new GoogleApiException(GoogleReasons.TimedOut, cause: error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            LogFailed(GoogleReasons.Connection, 0);
            throw new GoogleApiException(GoogleReasons.Connection, cause: error) { WasSent = WasSent(error) };
        }
    }

    private static bool WasSent(Exception error) => error is not HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };

    private async Task<GoogleApiException> ReadErrorAsync(HttpResponseMessage response, string? token, CancellationToken cancellationToken)
    {
        GoogleError? error = null;
        try
        {
            error = (await response.Content.ReadFromJsonAsync(GoogleJson.Default.GoogleErrorAnswer, cancellationToken))?.Error;
        }
        catch (Exception notJson) when (notJson is JsonException or NotSupportedException or InvalidOperationException)
        {
            // A proxy's page, say: the status alone must do.
        }
        var status = (int)response.StatusCode;
        var wait = response.Headers.RetryAfter;
        // A proxy may quote the request.
        var uri = response.RequestMessage!.RequestUri!;
        var details = error?.Message?.Replace(uri.Authority, "(host)", StringComparison.OrdinalIgnoreCase)
            .Replace(uri.Host, "(host)", StringComparison.OrdinalIgnoreCase);
        if (token is not null) details = details?.Replace(token, "(token)", StringComparison.Ordinal);
        return new GoogleApiException(error?.Errors is [{ Reason: { } reason }, ..] ? reason : $"http{status}", status, details ?? "")
        {
            RetryAfter = wait?.Delta ?? (wait?.Date is { } date ? date - _time.GetUtcNow() : null),
        };
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "A call to Google failed: {Reason}, status {Status}")]
    private partial void LogFailed(string reason, int status);

    [LoggerMessage(EventId = 2, Level = LogLevel.Debug, Message = "Google says: {Details}")]
    private partial void LogDetails(string details);
}
