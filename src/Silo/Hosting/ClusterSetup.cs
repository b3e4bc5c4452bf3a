using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Configuration;
using TransactionPipeline.Grains;
using TransactionPipeline.Silo.Joining;
using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Silo.Hosting;

/// <summary>Makes the host of the front end a silo.</summary>
public static class ClusterSetup
{
    private static readonly TimeSpan JoinTime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ResponseMargin = TimeSpan.FromSeconds(7);

    /// <summary>Adds the silo by the section <c>cluster</c>; the front end comes before it.</summary>
    public static WebApplicationBuilder AddCluster(this WebApplicationBuilder builder)
    {
        var settings = ClusterSettingsReader.Read(builder.Configuration);
        builder.Services.AddSingleton(settings);
        builder.UseOrleans(silo =>
        {
            silo.ListenExclusively();
            silo.AddPlace(settings);
            silo.AddTuning(settings);
            silo.AddKeyGrains();
            silo.AddJoinCheck();
            if (settings.Dashboard) silo.AddOrleansDashboard();
        });
        builder.Services.Configure<GrainsOptions>(options =>
        {
            options.OwnerTimeout = TimeSpan.FromSeconds(settings.OwnerTimeoutSeconds);
            options.IdleTime = TimeSpan.FromMinutes(settings.IdleMinutes);
        });
        builder.Services.AddHostedService<DrainDelay>();
        builder.Services.AddHealthChecks().AddCheck<ClusterHealth>("cluster", HealthStatus.Unhealthy, ["ready"]);
        // A silo tells each step of its start and stop; what matters to an operator is in its warnings and in health.
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        // What ends a start is told once, in a line by HostProgram, and not by each layer that it passes through; nor is a taken port told,
        // with which the next attempt does better.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Critical);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Its first look at a new silo takes the machine's uptime for a delay, and says so as a warning.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        builder.Logging.AddFilter("Polly", LogLevel.Critical);
        builder.Logging.AddFilter(typeof(ServedStoresService).FullName, LogLevel.Warning);
        return builder;
    }

    private static void AddJoinCheck(this ISiloBuilder silo)
    {
        silo.AddGrainService<ServedStoresService>();
        silo.Services.AddSingleton<ServedStoresClient>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, JoinCheck>();
    }

    private static void AddPlace(this ISiloBuilder silo, ClusterSettings settings)
    {
        if (settings.IsKubernetes) silo.AddPod(settings);
        else silo.AddLoopback(settings);
    }

    private static void AddLoopback(this ISiloBuilder silo, ClusterSettings settings)
    {
        var (siloPort, gatewayPort) = (SiloPorts.FreeOr(settings.SiloPort), SiloPorts.FreeOr(settings.GatewayPort));
        // Its own membership table, unless it is told whose to use: then it joins whoever else uses that.
        var primary = settings.Primary is { } told ? IPEndPoint.Parse(told) : new IPEndPoint(IPAddress.Loopback, siloPort);
        silo.UseLocalhostClustering(siloPort, gatewayPort, primary, settings.ServiceId, settings.ClusterId);
        silo.Configure<SiloOptions>(options => options.SiloName = settings.PodName ?? $"silo-{siloPort}");
    }

    private static void AddPod(this ISiloBuilder silo, ClusterSettings settings)
    {
        silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (settings.ClusterId, settings.ServiceId));
        silo.Configure<SiloOptions>(options => options.SiloName = settings.PodName ?? Environment.MachineName);
        var address = IPAddress.Parse(settings.PodIp!);
        silo.ConfigureEndpoints(address, settings.SiloPort, settings.GatewayPort, listenOnAnyHostAddress: !IPAddress.IsLoopback(address));
        silo.AddKubernetesMembership(options =>
        {
            options.Namespace = settings.Namespace;
            options.StartPatience = JoinTime;
            if (settings.ApiServer is { } server) options.ApiServer = new Uri(server);
        });
    }

    private static void AddTuning(this ISiloBuilder silo, ClusterSettings settings)
    {
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            // A dead silo's keys find a new owner after about this many probes. Until then each key is refreshed under its lease by the
            // silo that is asked, so a longer time costs queries, never answers.
            options.ProbeTimeout = TimeSpan.FromSeconds(settings.ProbeSeconds);
            options.NumMissedProbesLimit = settings.MissedProbes;
            // A connection that was busy a moment before its silo hung keeps votes back for this time the number of missed probes.
            options.MaxProbeTimeout = options.ProbeTimeout * 2;
            // After a power cut the entries of silos that are gone must not keep new ones from joining for longer than 30 s.
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
            // Gossip brings changes at once; the table is the backstop.
            options.TableRefreshTimeout = TimeSpan.FromSeconds(30);
            // A pod that cannot join is better started anew, where that is seen.
            options.MaxJoinAttemptTime = JoinTime;
            options.DefunctSiloExpiration = TimeSpan.FromDays(1);
        });
        silo.Configure<GrainCollectionOptions>(options =>
        {
            // A stop waits for a refresh to give its lease back, but leaves time to go from the cluster in order.
            options.DeactivationTimeout = TimeSpan.FromSeconds(10);
        });
        // Where grains are, as far as it is remembered; the default is a million, 19 MB before the first.
        silo.Configure<GrainDirectoryOptions>(options => options.CacheSize = 100_000);
        // Longer than any silo waits for an owner; what comes later is of no use.
        silo.Configure<SiloMessagingOptions>(
            options => options.ResponseTimeout = TimeSpan.FromSeconds(settings.OwnerTimeoutSeconds) + ResponseMargin);
    }
}
