using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TransactionPipeline.GoogleStandIn.BigQuery;
using TransactionPipeline.GoogleStandIn.Storage;

namespace TransactionPipeline.GoogleStandIn;

/// <summary>
/// Google's BigQuery v2 and Cloud Storage JSON services on a loopback port, for tests: the real wire protocol, the project's SQL really
/// executed, faults on demand. Google's own clients work against it; a test runs them.
/// </summary>
public sealed class StandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Engine _engine;

    private StandIn(WebApplication app, Engine engine)
    {
        _app = app;
        _engine = engine;
    }

    /// <summary>Where it listens; both services and <c>/token</c>.</summary>
    public Uri Endpoint { get; private set; } = new("http://127.0.0.1");

    /// <summary>The switches for faults.</summary>
    public Faults Faults { get; } = new();

    /// <summary>What was asked.</summary>
    public CallLog Calls { get; } = new();

    /// <summary>When set, calls without <c>Authorization: Bearer</c> and this are answered 401; <c>/token</c> hands it out.</summary>
    public string? Token { get; set; }

    /// <summary>Starts one; <paramref name="port"/> 0 takes a free port.</summary>
    public static async Task<StandIn> StartAsync(int port = 0, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var engine = new Engine(time ?? TimeProvider.System);
        var standIn = new StandIn(app, engine);
        var storage = new ObjectStore(time ?? TimeProvider.System);
        app.Use(standIn.ReportAsync);
        app.UseRouting();
        app.Use(standIn.HandleAsync);
        new StorageApi(storage).MapTo(app);
        new TableApi(engine, standIn.Faults).MapTo(app);
        new JobApi(engine, storage, standIn.Faults).MapTo(app);
        app.MapPost("/token", () => Results.Json(new { access_token = standIn.Token ?? "none-needed", expires_in = 3600, token_type = "Bearer" }))
            .WithMetadata(new ApiName("token"));
        app.MapFallback(() => Wire.Error(404, "notFound", "The stand-in has no such method."));
        await app.StartAsync();
        standIn.Endpoint = new Uri(app.Urls.First());
        return standIn;
    }

    /// <summary>Ends on Ctrl+C or SIGTERM, which the host listens to.</summary>
    public Task WaitForStopAsync() => _app.WaitForShutdownAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Faults.ReleaseSlow();
        await _app.DisposeAsync();
        _engine.Dispose();
    }

    /// <summary>What broke in the stand-in itself; a test that finds something here has found nothing out about the project.</summary>
    public ConcurrentQueue<Exception> Broken { get; } = new();

    private async Task ReportAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested)
        {
            Broken.Enqueue(error);
            await Wire.Error(501, "notImplemented", $"The stand-in broke: {error}").ExecuteAsync(context);
        }
    }

    private async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        var api = context.GetEndpoint()?.Metadata.GetMetadata<ApiName>()?.Name ?? "unknown";
        var request = context.Request;
        Calls.Add(new Call(
            api, $"{context.Features.Get<IHttpRequestFeature>()?.RawTarget}", request.Headers.ContentRange, await PeekAsync(request)));
        if (Token is not null && api != "token" && request.Headers.Authorization != $"Bearer {Token}")
        {
            await Wire.Error(401, "authError", "Request had invalid authentication credentials.").ExecuteAsync(context);
            return;
        }
        switch (Faults.Take(api, jobs: false, out var released))
        {
            case null:
                await next(context);
                break;
            case { Kind: FaultKind.Slow }:
                await released.WaitAsync(context.RequestAborted);
                await next(context);
                break;
            case { Kind: FaultKind.CutAnswer }:
                await CutAnswerAsync(context, next);
                break;
            case { Kind: FaultKind.CutRequest }:
                context.Items[FaultKind.CutRequest] = true;
                await next(context);
                context.Abort();
                break;
            case var fault:
                if (fault.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = $"{seconds}";
                await Wire.Error(fault.Status, fault.Reason, $"Planned {fault.Reason} of {request.Host} for {request.Headers.Authorization}").ExecuteAsync(context);
                break;
        }
    }

    private static async Task CutAnswerAsync(HttpContext context, RequestDelegate next)
    {
        var wire = context.Response.Body;
        using var answer = new MemoryStream();
        context.Response.Body = answer;
        await next(context);
        context.Response.Body = wire;
        // An empty answer promises a byte that never comes: without one it would have arrived whole.
        context.Response.ContentLength = Math.Max(1, answer.Length);
        await wire.WriteAsync(answer.GetBuffer().AsMemory(0, (int)answer.Length / 2));
        await wire.FlushAsync();
        context.Abort();
    }

    private static async Task<string> PeekAsync(HttpRequest request)
    {
        if (request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) != true) return "";
        request.EnableBuffering();
        using var reader = new StreamReader(request.Body, Encoding.UTF8, leaveOpen: true);
        var text = await reader.ReadToEndAsync();
        request.Body.Position = 0;
        return text;
    }
}
