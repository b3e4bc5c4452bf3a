using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;
using TransactionPipeline.Silo.Membership.Api;

namespace TransactionPipeline.Silo.Membership;

/// <summary>Clustering on the Kubernetes API.</summary>
public static class KubernetesMembershipExtensions
{
    /// <summary>Keeps the membership table in a custom resource of the silo's namespace; the chart brings the CRDs and the Role.</summary>
    /// <param name="silo">The silo, whose <see cref="ClusterOptions.ClusterId"/> names the table.</param>
    /// <param name="configure">Sets what differs from a pod's own surroundings, null for nothing.</param>
    /// <returns>The same silo builder.</returns>
    public static ISiloBuilder AddKubernetesMembership(this ISiloBuilder silo, Action<KubernetesMembershipOptions>? configure = null)
    {
        silo.Services.AddOptions<KubernetesMembershipOptions>().Configure(configure ?? (static _ => { })).ValidateOnStart();
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton<IValidateOptions<KubernetesMembershipOptions>, KubernetesMembershipOptionsValidator>();
        silo.Services.AddMetrics();
        silo.Services.AddSingleton<MembershipMetrics>();
        silo.Services.AddSingleton(CreateApi);
        silo.Services.AddSingleton<MembershipStore>();
        silo.Services.AddSingleton<IMembershipTable, KubernetesMembershipTable>();
        silo.Services.AddSingleton<IGatewayListProvider, KubernetesGatewayListProvider>();
        return silo;
    }

    private static KubernetesApi CreateApi(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<KubernetesMembershipOptions>>().Value;
        var time = services.GetRequiredService<TimeProvider>();
        return new KubernetesApi(
            KubernetesHttp.Create(options, time),
            PodEnvironment.Namespace(options)!, // The validator has seen to it.
            options,
            services.GetRequiredService<MembershipMetrics>(),
            time,
            services.GetRequiredService<ILogger<KubernetesApi>>());
    }
}
