using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Silo.Hosting;

namespace TransactionPipeline.Helm.Tests.Chart;

/// <summary>Every setting that the chart gives the hosts is one that they know, with a value that they can read.</summary>
public sealed class SettingsTests
{
    /// <summary>What ASP.NET, Google's libraries and OpenTelemetry read, and the one setting of ours that is in no section.</summary>
    private static readonly string[] Single =
    [
        "ASPNETCORE_URLS", "DOTNET_shutdownTimeoutSeconds", "GOOGLE_APPLICATION_CREDENTIALS", "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "state_directory",
    ];

    private static readonly Dictionary<string, Type> Sections = new(StringComparer.Ordinal)
    {
        ["cache"] = typeof(CacheOptions),
        ["cluster"] = typeof(ClusterSettings),
        ["data_warehouse:postgres"] = typeof(PostgresOptions),
        ["ingestion"] = typeof(IngestionOptions),
        ["marts"] = typeof(MartsOptions),
        ["security"] = typeof(SecurityOptions),
    };

    public static TheoryData<string> ValuesFiles => [.. HelmChart.ValuesFiles];

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task Settings_OfEveryPod_AreKnownToTheHosts(string file)
    {
        var objects = await HelmChart.RenderAsync(file);

        foreach (var (_, _, spec) in objects.Pods().Where(pod => pod.Of is not "Pod")) Assert.Empty(Unknown(objects, spec));
    }

    [Theory]
    [InlineData("config.cluster__silo_prot=11112", "silo_prot")]
    [InlineData("config.cluster__probe_seconds=soon", "cluster:probe_seconds")]
    [InlineData("config.data_warehouse__postgres__hots=here", "hots")]
    [InlineData("config.stade_directory=/tmp", "stade_directory")]
    public async Task Settings_OneMistyped_IsFound(string set, string named)
    {
        var objects = KubernetesStandIn.Manifests.Parse((await HelmChart.TemplateAsync("--set-string", set)).Succeed());
        var spec = objects.Pods().Single(pod => pod.Of is "Deployment").Spec;

        Assert.Contains(named, Assert.Single(Unknown(objects, spec)), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Unknown(IReadOnlyList<JsonObject> objects, JsonObject spec)
    {
        var given = objects.Only("ConfigMap")["data"]!.AsObject().Select(one => KeyValuePair.Create(one.Key, one.Value!.GetValue<string>()))
            .Concat(spec.Container()["env"]!.AsArray().Select(one =>
                KeyValuePair.Create(one!["name"]!.GetValue<string>(), one["value"]?.GetValue<string>() ?? "x")))
            .Where(one => !Single.Contains(one.Key, StringComparer.Ordinal))
            .Select(one => KeyValuePair.Create(one.Key.Replace("__", ":", StringComparison.Ordinal), (string?)one.Value)).ToList();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(given).Build();
        foreach (var (name, _) in given.Where(one => !Sections.Any(section => Knows(section.Value, section.Key, one.Key))))
            yield return $"{name} is not known";
        foreach (var (section, options) in Sections)
        {
            string? problem = null;
            try
            {
                configuration.GetSection(section).Get(options);
            }
            catch (InvalidOperationException wrong)
            {
                problem = wrong.Message;
            }

            if (problem is not null) yield return problem;
        }
    }

    // As the binder finds a property; its own check for keys without one does not look at ConfigurationKeyName.
    private static bool Knows(Type options, string section, string name)
    {
        if (!name.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase)) return false;
        return options.GetProperties().Where(property => property.CanWrite).Any(property =>
        {
            var key = $"{section}:{property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name ?? property.Name}";
            return string.Equals(key, name, StringComparison.OrdinalIgnoreCase) || Knows(property.PropertyType, key, name);
        });
    }
}
