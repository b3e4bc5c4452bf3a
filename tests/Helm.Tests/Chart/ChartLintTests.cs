namespace TransactionPipeline.Helm.Tests.Chart;

public sealed class ChartLintTests
{
    public static TheoryData<string> ValuesFiles => [.. HelmChart.ValuesFiles];

    [Fact]
    public async Task Lint_Strict_FindsNothing() => (await Tool.RunAsync("helm", ["lint", "--strict", Repository.Chart])).Succeed();

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task Lint_EachValuesFile_FindsNothing(string file) =>
        (await Tool.RunAsync("helm", ["lint", "--strict", Repository.Chart, "--values", Path.Combine(Repository.Chart, "ci", file)])).Succeed();

    [Fact]
    public async Task Template_Default_MakesThePromisedObjects()
    {
        var kinds = (await HelmChart.RenderAsync("default-values.yaml")).Select(one => one.Kind()).Order(StringComparer.Ordinal);

        Assert.Equal(
            ["ConfigMap", "Deployment", "NetworkPolicy", "Pod", "PodDisruptionBudget", "Role", "RoleBinding", "Service", "ServiceAccount"],
            kinds,
            StringComparer.Ordinal);
    }

    [Fact]
    public async Task Template_Everything_AddsAutoscalerIngressAndCronJob()
    {
        var objects = await HelmChart.RenderAsync("everything-values.yaml");

        foreach (var kind in (string[])["HorizontalPodAutoscaler", "Ingress", "CronJob"])
        {
            objects.Only(kind);
        }
    }

    /// <summary>Values that must be refused, with words of the message that a person gets.</summary>
    public static TheoryData<string, string> BadValues => new()
    {
        { "engine=web", "every pod is a silo" },
        { "engine=silo", "every pod is a silo" },
        { "replicaCount=many", "/replicaCount" },
        { "replicaCount=-1", "/replicaCount" },
        { "cluster.id=Not A Name", "/cluster/id" },
        { "cluster.id=", "/cluster/id" },
        { "cluster.previousId=Not A Name", "/cluster/previousId" },
        { "cluster.siloPort=70000", "/cluster/siloPort" },
        { "cluster.gatewayPort=0", "/cluster/gatewayPort" },
        { "image.pullPolicy=Sometimes", "/image/pullPolicy" },
        { "image.digest=sha256:short", "/image/digest" },
        { "image.repository=", "/image/repository" },
        { "postgres.host=", "/postgres/host" },
        { "config.db_password=x", "db_password" },
        { "config.security__jwt_secret=x", "security__jwt_secret" },
        { "config.security__pii_key=x", "security__pii_key" },
        { "config.partner_apikey=x", "partner_apikey" },
        { "config.cluster__silo_port=1", "config.cluster__silo_port is set by the chart itself; change cluster.siloPort" },
        { "config.State_Directory=/tmp", "config.State_Directory is set by the chart itself" },
        { "extraEnv[0].name=PARTNER_TOKEN,extraEnv[0].value=x", "extraEnv PARTNER_TOKEN looks like a secret; give it with valueFrom" },
        { "extraEnv[0].name=security__pii_key,extraEnv[0].value=x", "extraEnv security__pii_key is set by the chart itself; change secrets.app" },
        { "extraEnv[0].name=ANY", "/extraEnv/0" },
        { "secrets.postgres.password=x", "password" },
        { "secrets.postgres.existingSecret=", "/secrets/postgres/existingSecret" },
        { "resources.limits.cpu=lots", "/resources/limits/cpu" },
        { "resources.limits.memory=1GB", "/resources/limits/memory" },
        { "resources.limits.memory=null", "memory" },
        { "service.type=ExternalName", "/service/type" },
        { "service.port=http", "/service/port" },
        { "probes.liveness.failureThreshold=0", "/probes/liveness/failureThreshold" },
        { "shutdown.gracePeriodSeconds=5", "/shutdown/gracePeriodSeconds" },
        { "shutdown.preStopSeconds=50", "shutdown.gracePeriodSeconds must be at least 15 above" },
        { "rollout.maxSurge=0", "/rollout/maxSurge" },
        { "podDisruptionBudget.maxUnavailable=0", "/podDisruptionBudget/maxUnavailable" },
        { "autoscaling.targetCPUUtilizationPercentage=200", "/autoscaling/targetCPUUtilizationPercentage" },
        { "autoscaling.enabled=true,autoscaling.minReplicas=20", "autoscaling.minReplicas must not be above" },
        { "topologySpread.whenUnsatisfiable=Maybe", "/topologySpread/whenUnsatisfiable" },
        { "networkPolicy.egress.apiServerPorts={}", "/networkPolicy/egress/apiServerPorts" },
        { "networkPolicy.metricsFrom={prometheus}", "/networkPolicy/metricsFrom/0" },
        { "ingress.enabled=true", "/ingress/hosts" },
        { "ingress.enabled=true,ingress.hosts={a.example.com},ingress.tls.enabled=true", "/ingress/tls/secretName" },
        { "pipeline.schedule=daily", "/pipeline/schedule" },
        { "stateDirectory.sizeLimit=big", "/stateDirectory/sizeLimit" },
        { "replicas=3", "replicas" },
        { "cpuLimit.enabled=sometimes", "/cpuLimit/enabled" },
    };

    [Theory]
    [MemberData(nameof(BadValues))]
    public async Task Template_BadValue_IsRefusedByName(string set, string words)
    {
        var result = await HelmChart.TemplateAsync("--set", set);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Template_EngineTakenAway_IsAsIfItNeverWas()
    {
        // As in an upgrade that reuses the values of the version before.
        var values = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(values, "engine: silo\n");
            Assert.Equal(
                (await HelmChart.TemplateAsync()).Succeed(),
                (await HelmChart.TemplateAsync("--values", values, "--set", "engine=null")).Succeed());
        }
        finally
        {
            File.Delete(values);
        }
    }

    [Fact]
    public async Task Template_ConfigOrExtraEnvRepeatsASettingOfTheChart_IsRefused()
    {
        var objects = KubernetesStandIn.Manifests.Parse((await HelmChart.TemplateAsync()).Succeed());
        var env = objects.Pods().Single(pod => pod.Of is "Deployment").Spec.Container()["env"]!.AsArray();
        List<string> own = [.. objects.Only("ConfigMap")["data"]!.AsObject().Select(pair => pair.Key), .. env.Select(one => one!["name"]!.GetValue<string>())];
        Assert.True(own.Count >= 10, string.Join(' ', own));

        foreach (var name in own)
        {
            foreach (var set in (string[])[$"config.{name}=x", $"extraEnv[0].name={name},extraEnv[0].valueFrom.fieldRef.fieldPath=metadata.name"])
            {
                var result = await HelmChart.TemplateAsync("--set", set);
                Assert.True(result.ExitCode != 0 && result.Error.Contains(name, StringComparison.Ordinal), $"{set} is not refused: {result.Error}");
            }
        }
    }

    [Fact]
    public void Values_EachOne_IsCommentedAndInTheSchema()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Chart, "values.yaml"));
        var schema = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Chart, "values.schema.json")))!;
        var path = new List<string>();
        var commented = false;
        var seen = 0;
        foreach (var line in lines.Where(line => line.Trim().Length > 0))
        {
            var text = line.TrimStart();
            if (text.StartsWith('#'))
            {
                commented |= text.StartsWith("# -- ", StringComparison.Ordinal);
                continue;
            }

            var depth = (line.Length - text.Length) / 2;
            path = [.. path.Take(depth), text[..text.IndexOf(':', StringComparison.Ordinal)]];
            var at = path.Aggregate((System.Text.Json.Nodes.JsonNode?)schema, (node, key) => node?["properties"]?[key] ?? node?["additionalProperties"] as System.Text.Json.Nodes.JsonObject);
            Assert.True(at is not null, $"{string.Join('.', path)} is not in values.schema.json");
            // The keys of a free map stand under its one comment.
            var free = at["properties"] is null && path.Count > 1 && schema["properties"]![path[0]]!["properties"] is null;
            var parent = text.EndsWith(':') && at["properties"] is not null;
            Assert.True(commented || free || parent, $"{string.Join('.', path)} has no '# --' comment");
            commented = false;
            seen++;
        }

        Assert.InRange(seen, 60, 500);
    }
}
