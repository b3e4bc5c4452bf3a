using System.Net;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Silo.Hosting;

/// <summary>Reads the section <c>cluster</c> before the silo is put together, as its provider decides what is put together.</summary>
internal static class ClusterSettingsReader
{
    private const string Section = "cluster";

    /// <exception cref="StartRefusedException">A setting is wrong; the message names it.</exception>
    public static ClusterSettings Read(IConfiguration configuration)
    {
        var unknown = KnownSettings.FindUnknown(configuration, Section, typeof(ClusterSettings)).ToList();
        if (unknown.Count > 0) throw new StartRefusedException(string.Join(Environment.NewLine, unknown));
        var settings = configuration.Read<ClusterSettings>(Section);
        var wrong = Validate(settings).ToList();
        return wrong.Count == 0 ? settings : throw new StartRefusedException(string.Join(Environment.NewLine, wrong));
    }

    internal static IEnumerable<string> Validate(ClusterSettings settings)
    {
        if (settings.Provider is not (ClusterSettings.Localhost or ClusterSettings.Kubernetes))
            yield return $"cluster__provider is '{settings.Provider}'; it must be localhost or kubernetes.";
        if (string.IsNullOrWhiteSpace(settings.ClusterId)) yield return "cluster__cluster_id is empty; silos with the same one form a cluster.";
        if (string.IsNullOrWhiteSpace(settings.ServiceId)) yield return "cluster__service_id is empty; it names the application.";
        if (!IsPort(settings.SiloPort)) yield return $"cluster__silo_port is {settings.SiloPort}; it must be a port.";
        if (!IsPort(settings.GatewayPort)) yield return $"cluster__gateway_port is {settings.GatewayPort}; it must be a port.";
        if (settings.SiloPort == settings.GatewayPort) yield return "cluster__gateway_port is the same as cluster__silo_port; give two ports.";
        if (settings.Primary is { } primary && !(IPEndPoint.TryParse(primary, out var endpoint) && IPAddress.IsLoopback(endpoint.Address) && IsPort(endpoint.Port)))
            yield return $"cluster__primary is '{primary}'; it must be an address of this machine and a port, like 127.0.0.1:11111.";
        if (settings.IsKubernetes && settings.Primary is not null)
            yield return "cluster__primary is set, but with cluster__provider kubernetes silos find each other through the API server.";
        if (settings.IsKubernetes && !IPAddress.TryParse(settings.PodIp, out _))
            yield return $"cluster__pod_ip is '{settings.PodIp}'; with cluster__provider kubernetes it must be the pod's address (status.podIP).";
        if (settings.ApiServer is { } server && !Uri.TryCreate(server, UriKind.Absolute, out _))
            yield return $"cluster__api_server is '{server}'; it must be an absolute http or https address.";
        if (settings.DrainSeconds is < 0 or > 300) yield return $"cluster__drain_seconds is {settings.DrainSeconds}; it must be 0 to 300.";
        if (settings.OwnerTimeoutSeconds is < 0.1 or > 60) yield return $"cluster__owner_timeout_seconds is {settings.OwnerTimeoutSeconds}; it must be 0.1 to 60.";
        if (settings.IdleMinutes is < 2 or > 1440) yield return $"cluster__idle_minutes is {settings.IdleMinutes}; it must be 2 to 1440.";
        if (settings.ProbeSeconds is < 0.2 or > 60) yield return $"cluster__probe_seconds is {settings.ProbeSeconds}; it must be 0.2 to 60.";
        if (settings.MissedProbes is < 1 or > 20) yield return $"cluster__missed_probes is {settings.MissedProbes}; it must be 1 to 20.";
    }

    private static bool IsPort(int port) => port is > 0 and <= IPEndPoint.MaxPort;
}
