namespace TransactionPipeline.Silo.Hosting;

/// <summary>The section <c>cluster</c>: who this silo is, how it finds the others, and how patient they are with each other.</summary>
public sealed class ClusterSettings
{
    /// <summary>How silos find each other.</summary>
    /// <value><c>localhost</c>: on this machine only, and only when <see cref="Primary"/> is set. <c>kubernetes</c> in the chart.</value>
    [ConfigurationKeyName("provider")]
    public string Provider { get; set; } = Localhost;

    /// <summary>Silos with the same one form a cluster.</summary>
    /// <value><c>transaction-pipeline-3</c>; the number rises whenever what silos say to each other changes.</value>
    [ConfigurationKeyName("cluster_id")]
    public string ClusterId { get; set; } = "transaction-pipeline-3";

    /// <summary>Names the application over all its clusters.</summary>
    /// <value><c>transaction-pipeline</c>.</value>
    [ConfigurationKeyName("service_id")]
    public string ServiceId { get; set; } = "transaction-pipeline";

    /// <summary>The port on which silos speak with each other.</summary>
    /// <value>11111; with <c>localhost</c> a free one when that is taken.</value>
    [ConfigurationKeyName("silo_port")]
    public int SiloPort { get; set; } = 11111;

    /// <summary>The port for Orleans clients outside the cluster.</summary>
    /// <value>30000; with <c>localhost</c> a free one when that is taken.</value>
    [ConfigurationKeyName("gateway_port")]
    public int GatewayPort { get; set; } = 30000;

    /// <summary>With <c>localhost</c>: the silo port of the silo that keeps the membership; it must start first and stay up.</summary>
    /// <value>None: this silo is a cluster of its own. Else an address of this machine, like <c>127.0.0.1:11111</c>.</value>
    [ConfigurationKeyName("primary")]
    public string? Primary { get; set; }

    /// <summary>With <c>kubernetes</c>: the pod's name, which becomes the silo's.</summary>
    /// <value>From the pod's environment; without it, the machine's name.</value>
    [ConfigurationKeyName("pod_name")]
    public string? PodName { get; set; }

    /// <summary>With <c>kubernetes</c>: the pod's address, at which the other silos reach this one.</summary>
    /// <value>From the pod's environment; required.</value>
    [ConfigurationKeyName("pod_ip")]
    public string? PodIp { get; set; }

    /// <summary>With <c>kubernetes</c>: the namespace that holds the membership.</summary>
    /// <value>The pod's own.</value>
    [ConfigurationKeyName("namespace")]
    public string? Namespace { get; set; }

    /// <summary>With <c>kubernetes</c>: the API server's address.</summary>
    /// <value>The one that every pod finds in its environment.</value>
    [ConfigurationKeyName("api_server")]
    public string? ApiServer { get; set; }

    /// <summary>Seconds from "not ready" to the end of intake at a stop: as long as a load balancer may take to see it.</summary>
    /// <value>5 with <c>kubernetes</c>, 0 with <c>localhost</c>. Part of the time that the host has to shut down.</value>
    [ConfigurationKeyName("drain_seconds")]
    public double? DrainSeconds { get; set; }

    /// <summary>Seconds without a sign of life of a key's owner after which a silo refreshes the key itself, under the key's lease.</summary>
    /// <value>3.</value>
    [ConfigurationKeyName("owner_timeout_seconds")]
    public double OwnerTimeoutSeconds { get; set; } = 3;

    /// <summary>Minutes without a question after which a key's grain leaves memory.</summary>
    /// <value>10; at least 2, as Orleans looks once a minute.</value>
    [ConfigurationKeyName("idle_minutes")]
    public double IdleMinutes { get; set; } = 10;

    /// <summary>Seconds that a silo has to answer a probe of another.</summary>
    /// <value>2. A pod with half a CPU answers within it even while it collects garbage.</value>
    [ConfigurationKeyName("probe_seconds")]
    public double ProbeSeconds { get; set; } = 2;

    /// <summary>So many missed probes in a row, seen by two silos, make a silo dead.</summary>
    /// <value>3.</value>
    [ConfigurationKeyName("missed_probes")]
    public int MissedProbes { get; set; } = 3;

    /// <summary>Shows Orleans' own dashboard, of silos and grains, to operators at <c>/admin/orleans</c>. The same in every silo.</summary>
    /// <value>False: each grain call is then measured by nobody.</value>
    [ConfigurationKeyName("dashboard")]
    public bool Dashboard { get; set; }

    internal const string Localhost = "localhost";

    internal const string Kubernetes = "kubernetes";

    internal bool IsKubernetes => Provider == Kubernetes;

    internal TimeSpan Drain => TimeSpan.FromSeconds(DrainSeconds ?? (IsKubernetes ? 5 : 0));
}
