namespace TransactionPipeline.Silo.Membership;

/// <summary>Where the membership table is kept and how patiently the Kubernetes API server is asked.</summary>
public sealed class KubernetesMembershipOptions
{
    /// <summary>Gets or sets the API server's address.</summary>
    /// <value>By default null: the address every pod finds in KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT.</value>
    public Uri? ApiServer { get; set; }

    /// <summary>Gets or sets the namespace that holds the table.</summary>
    /// <value>By default null: the pod's own, from the file <c>namespace</c> in <see cref="ServiceAccountDirectory"/>.</value>
    public string? Namespace { get; set; }

    /// <summary>Gets or sets the folder of the service account's files <c>token</c>, <c>ca.crt</c> and <c>namespace</c>.</summary>
    /// <value>By default where Kubernetes mounts them in every pod. Without a token file calls are unsigned (only to a stand-in).</value>
    public string ServiceAccountDirectory { get; set; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Gets or sets how long one call may take before it counts as failed.</summary>
    /// <value>By default 5 seconds: well below the 30 seconds after which the other silos would suspect a silo that hangs on it.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how often a call is made that may be repeated without harm, the first included.</summary>
    /// <value>By default 4.</value>
    public int MaxAttempts { get; set; } = 4;

    /// <summary>Gets or sets the wait before the first repetition; it doubles each time, and a random part of it is waited.</summary>
    /// <value>By default 200 milliseconds.</value>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Gets or sets how long a silo that starts waits for an API server that is away, or busy.</summary>
    /// <value>By default 1 minute: as long as a join may take.</value>
    public TimeSpan StartPatience { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets how long a token is used before its file is read again, as the kubelet replaces it meanwhile.</summary>
    /// <value>By default 1 minute, the same as the official clients.</value>
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets how many heartbeats one page of a list holds.</summary>
    /// <value>By default 500.</value>
    public int PageSize { get; set; } = 500;
}
