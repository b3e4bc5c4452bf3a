using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Silo.Tests.Membership;

/// <summary>Real Orleans silos find each other through the table, with no more rights than the chart gives.</summary>
public sealed class RealSilosTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly List<IHost> _silos = [];
    private KubernetesStandInServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await KubernetesStandInServer.StartAsync(new StandInOptions { Namespaces = [MembershipClient.Namespace], Manifests = [Path.Combine(Repository.Chart, "crds")] });
        _server.Rules = [.. MembershipApi.Calls.Select(call => new PolicyRule([MembershipApi.Group], [call.Resource], [call.Verb], []))];
    }

    public async Task DisposeAsync()
    {
        foreach (var silo in _silos)
        {
            await silo.StopAsync();
            silo.Dispose();
        }

        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Silos_StartTogetherAndOneLeaves_AgreeOnWhoIsActive()
    {
        await Task.WhenAll(StartAsync(), StartAsync(), StartAsync());

        foreach (var silo in _silos)
        {
            await WaitForActiveAsync(silo, 3);
        }

        var leaving = _silos[0];
        _silos.RemoveAt(0);
        await leaving.StopAsync();
        leaving.Dispose();

        foreach (var silo in _silos)
        {
            await WaitForActiveAsync(silo, 2);
        }

        Assert.DoesNotContain(_server.Log.Answers, answer => answer.Code == 403);
        var statuses = _server.Objects(MembershipApi.Group, MembershipApi.Tables).Single()["spec"]!["silos"]!.AsArray().Select(row => row!["status"]!.GetValue<string>());
        Assert.Equal(["Active", "Active", "Dead"], statuses.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    private static async Task WaitForActiveAsync(IHost silo, int count)
    {
        var membership = silo.Services.GetRequiredService<IClusterMembershipService>();
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        try
        {
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(limit.Token))
            {
                if (snapshot.Members.Values.Count(member => member.Status == SiloStatus.Active) == count) return;
            }
        }
        catch (OperationCanceledException)
        {
        }

        Assert.Fail($"{count} active silos were not seen within {Patience}; the last view is {membership.CurrentSnapshot}");
    }

    private async Task StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options =>
            {
                options.ClusterId = "three";
                options.ServiceId = "test";
            });
            silo.ConfigureEndpoints(IPAddress.Loopback, Ports.Free(), Ports.Free());
            silo.AddKubernetesMembership(options =>
            {
                options.ApiServer = _server.Address;
                options.Namespace = MembershipClient.Namespace;
                options.ServiceAccountDirectory = "none-here";
            });
        });
        var host = builder.Build();
        lock (_silos) _silos.Add(host);
        await host.StartAsync().WaitAsync(Patience, TimeProvider.System);
    }
}
