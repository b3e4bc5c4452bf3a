using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using TransactionPipeline.KubernetesStandIn.Faults;
using TransactionPipeline.KubernetesStandIn.Http;
using TransactionPipeline.KubernetesStandIn.Storage;

namespace TransactionPipeline.KubernetesStandIn;

/// <summary>
/// A Kubernetes API server as far as CustomResourceDefinitions and their objects go, on a loopback port: the wire protocol that
/// kubectl and the client libraries speak, with switches for what goes wrong in a real cluster.
/// </summary>
public sealed class KubernetesStandInServer : IAsyncDisposable
{
    private readonly ObjectStore _store = new();
    private readonly WebApplication _app;
    private readonly ApiServer _api;

    private KubernetesStandInServer(StandInOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
            {
                if (options.Certificate is { } certificate) listen.UseHttps(certificate);
            });
        });
        if (options.Certificate is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _api = new ApiServer(this, _store, options.Time);
        _app.UseRouting();
        _app.MapControl(this);
        _app.MapFallback("{**path}", _api.HandleAsync);
    }

    /// <summary>What goes wrong next.</summary>
    public FaultSwitches Faults { get; } = new();

    /// <summary>What was asked.</summary>
    public CallLog Log { get; } = new();

    /// <summary>The rights of whoever calls; null lets everyone do everything.</summary>
    public IReadOnlyList<PolicyRule>? Rules { get; set; }

    /// <summary>The tokens that sign in; null lets callers without one in.</summary>
    public IReadOnlyList<string>? Tokens { get; set; }

    public Uri Address { get; private set; } = null!;

    public static async Task<KubernetesStandInServer> StartAsync(StandInOptions? options = null)
    {
        options ??= new StandInOptions();
        var server = new KubernetesStandInServer(options);
        foreach (var ns in options.Namespaces.Prepend("default"))
        {
            server.Add(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = ns } });
        }

        foreach (var manifest in options.Manifests.SelectMany(Manifests.Load))
        {
            server.Add(manifest);
        }

        await server._app.StartAsync();
        server.Address = new Uri(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return server;
    }

    /// <summary>Creates an object as if someone had applied it.</summary>
    public void Add(JsonObject manifest)
    {
        var kind = manifest["kind"]!.GetValue<string>();
        var resource = _api.Objects.Definitions.Single(one =>
            string.Equals(one.Kind, kind, StringComparison.Ordinal) && string.Equals(one.GroupVersion, manifest["apiVersion"]!.GetValue<string>(), StringComparison.Ordinal));
        _api.Objects.Create(resource, resource.Namespaced ? manifest["metadata"]!["namespace"]!.GetValue<string>() : null, manifest, QueryCollection.Empty);
    }

    /// <summary>The objects of a kind, for looking behind the API.</summary>
    public IReadOnlyList<JsonObject> Objects(string group, string plural) => _store.List(group, plural, ns: null).Items;

    /// <summary>Forgets history, so that older revisions answer 410.</summary>
    public void Compact() => _store.Compact();

    public Task WaitForShutdownAsync() => _app.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        Faults.Clear(); // Lets slow answers go, which would hold the stop up.
        using var now = new CancellationTokenSource(TimeSpan.Zero, TimeProvider.System);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
