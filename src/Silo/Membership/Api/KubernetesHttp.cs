using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>Makes the HTTP client that trusts the cluster's CA and signs with the service account's token.</summary>
internal static class KubernetesHttp
{
    public static HttpClient Create(KubernetesMembershipOptions options, TimeProvider time)
    {
        var sockets = new SocketsHttpHandler
        {
            ConnectTimeout = options.RequestTimeout,
            // A pooled connection would stay with one API server for good, also with one that a load balancer has taken out.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseProxy = false,
            AllowAutoRedirect = false,
        };
        var authority = Path.Combine(options.ServiceAccountDirectory, "ca.crt");
        if (File.Exists(authority)) sockets.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Trusting(authority) };

        var token = new ServiceAccountToken(Path.Combine(options.ServiceAccountDirectory, "token"), options.TokenLifetime, time);
        return new HttpClient(new ServiceAccountTokenHandler(token, sockets))
        {
            BaseAddress = options.ApiServer ?? PodEnvironment.ApiServer,
            // HTTP/1.1: on one shared HTTP/2 connection a lost packet route stalls every call until TCP gives up.
            DefaultRequestVersion = HttpVersion.Version11,
            // Each call has its own limit, which knows what was called.
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    private static X509ChainPolicy Trusting(string authority)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // Cluster CAs publish no revocation list.
        };
        policy.CustomTrustStore.ImportFromPemFile(authority);
        return policy;
    }
}
