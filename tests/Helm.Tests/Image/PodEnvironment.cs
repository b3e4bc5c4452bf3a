using System.Text.Json.Nodes;
using TransactionPipeline.Helm.Tests.Chart;

namespace TransactionPipeline.Helm.Tests.Image;

/// <summary>The environment that the kubelet gives the servers' container: of the image, the settings, the secrets and the pod.</summary>
internal static class PodEnvironment
{
    /// <summary>Also makes the files of the secrets that are mounted.</summary>
    public static Dictionary<string, string> Of(IReadOnlyList<JsonObject> objects, PublishedImage image, string podName)
    {
        var spec = objects.Pods().Single(pod => pod.Of is "Deployment").Spec;
        var environment = image.Final.Single(one => one.Name is "ENV").Arguments.Split(' ').Select(one => one.Split('=', 2))
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        foreach (var (name, value) in objects.Only("ConfigMap")["data"]!.AsObject()) environment[name] = value!.GetValue<string>();
        foreach (var one in spec.Container()["env"]!.AsArray())
        {
            var from = one!["valueFrom"];
            var value = one["value"]?.GetValue<string>() ?? from?["fieldRef"]?["fieldPath"]?.GetValue<string>() switch
            {
                "metadata.namespace" => HelmChart.Namespace,
                "metadata.name" => podName,
                "status.podIP" => "127.0.0.1",
                null when from?["secretKeyRef"]?["optional"]?.GetValue<bool>() == true => null,
                null => $"a value of the key {from!["secretKeyRef"]!["key"]} that is long enough",
                var other => throw new InvalidOperationException($"the pod's {other} is not known here"),
            };
            if (value is not null) environment[one["name"]!.GetValue<string>()] = value;
        }

        foreach (var mount in spec.Container()["volumeMounts"]!.AsArray())
        {
            var folder = image.At(mount!["mountPath"]!.GetValue<string>());
            Directory.CreateDirectory(folder);
            var volume = spec["volumes"]!.AsArray().Single(one => JsonNode.DeepEquals(one!["name"], mount["name"]))!;
            foreach (var item in volume["secret"]?["items"]?.AsArray() ?? [])
                File.WriteAllText(Path.Combine(folder, item!["path"]!.GetValue<string>()), "secret");
        }

        return environment.ToDictionary(
            one => one.Key, one => one.Value.StartsWith('/') ? image.At(one.Value) : one.Value, StringComparer.Ordinal);
    }
}
