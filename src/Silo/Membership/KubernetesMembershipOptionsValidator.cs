using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace TransactionPipeline.Silo.Membership;

internal sealed partial class KubernetesMembershipOptionsValidator(IOptions<ClusterOptions> cluster)
    : IValidateOptions<KubernetesMembershipOptions>
{
    // The table's name is the cluster id and a heartbeat's is "<cluster id>-<hash of 16>"; labels end at 63 characters.
    private const int LongestClusterId = 46;

    public ValidateOptionsResult Validate(string? name, KubernetesMembershipOptions options)
    {
        var failures = new List<string>();
        var clusterId = cluster.Value.ClusterId ?? "";
        if (clusterId.Length > LongestClusterId || !DnsLabel().IsMatch(clusterId))
        {
            failures.Add(
                $"cluster__cluster_id is '{clusterId}': it names a Kubernetes object, so give 1 to {LongestClusterId} characters a-z, 0-9 and '-', " +
                "beginning and ending with a letter or digit");
        }

        if (options.ApiServer is null && PodEnvironment.ApiServer is null)
        {
            failures.Add(
                "cluster__provider is 'kubernetes' but KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is not a pod: " +
                "set cluster__api_server, or cluster__provider to 'localhost'");
        }

        if (options.ApiServer is { } server && (!server.IsAbsoluteUri || server.Scheme is not ("http" or "https")))
            failures.Add($"cluster__api_server is '{server}': give an absolute http or https address");

        // A token on plain http is a secret for anyone on the way; only a stand-in on this machine is worth it.
        if (options.ApiServer is { IsAbsoluteUri: true, Scheme: "http", IsLoopback: false })
            failures.Add("cluster__api_server is plain http to another machine: use https, the service account's token goes with every call");

        if (PodEnvironment.Namespace(options) is not { } ns)
            failures.Add("cluster__namespace is not set and the service account's files name none: set it to the namespace of the release");
        else if (ns.Length > 63 || !DnsLabel().IsMatch(ns))
            failures.Add($"cluster__namespace is '{ns}', which is no name of a Kubernetes namespace");

        Positive(options.RequestTimeout, nameof(options.RequestTimeout));
        Positive(options.RetryDelay, nameof(options.RetryDelay));
        Positive(options.TokenLifetime, nameof(options.TokenLifetime));
        if (options.MaxAttempts is < 1 or > 20)
            failures.Add($"{nameof(options.MaxAttempts)} is {options.MaxAttempts}: give 1 to 20");
        if (options.PageSize is < 1 or > 10_000)
            failures.Add($"{nameof(options.PageSize)} is {options.PageSize}: give 1 to 10000");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Positive(TimeSpan value, string key)
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromHours(1))
                failures.Add($"{key} is {value}: give more than zero and at most an hour");
        }
    }

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DnsLabel();
}
