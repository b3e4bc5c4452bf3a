using System.Text.Json.Nodes;

namespace TransactionPipeline.Helm.Tests.Chart;

/// <summary>What the rendered objects say of each other must be true, with each values file.</summary>
public sealed class RenderedObjectsTests
{
    private static readonly string[] HealthRoutes = ["/health/startup", "/health/ready", "/health/live"];

    public static TheoryData<string> ValuesFiles => [.. HelmChart.ValuesFiles];

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task Selectors_EachOne_MatchesTheServersAndNoOtherPod(string file)
    {
        var objects = await HelmChart.RenderAsync(file);
        var servers = objects.Pods().Single(pod => pod.Of is "Deployment");
        var others = objects.Pods().Where(pod => pod.Of is not "Deployment").ToList();
        Assert.NotEmpty(others);

        var selectors = Selectors(objects).ToList();

        Assert.NotEmpty(selectors);
        foreach (var (where, selector) in selectors)
        {
            Assert.True(selector.Matches(servers.Metadata["labels"]!), $"{where} does not match the pods of the Deployment");
            Assert.All(others, pod => Assert.False(selector.Matches(pod.Metadata["labels"]!), $"{where} matches the pod of the {pod.Of}"));
        }
    }

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task References_EachOne_ExistsOrIsADocumentedSecret(string file)
    {
        var objects = await HelmChart.RenderAsync(file);
        var notes = File.ReadAllText(Repository.At("docs", "kubernetes.md"));
        string[] documented = ["postgres-credentials", "bigquery-credentials", "transaction-pipeline-secrets"];
        Assert.All(documented, secret => Assert.Contains($"`{secret}`", notes, StringComparison.Ordinal));
        // What the values files bring themselves.
        string[] brought = ["pull", "sales-tls", "sales-otlp"];

        foreach (var (of, _, spec) in objects.Pods())
        {
            var secrets = spec.Find("secretName").Concat(spec.Find("secretKeyRef").Select(key => key["name"]!)).Concat(spec["imagePullSecrets"]?.AsArray().Select(one => one!["name"]!) ?? []);
            Assert.All(secrets, secret => Assert.Contains(secret.GetValue<string>(), documented.Concat(brought), StringComparer.Ordinal));
            Assert.All(spec.Find("configMapRef"), map => Assert.Contains(objects.Of("ConfigMap"), one => string.Equals(one.Name(), map["name"]!.GetValue<string>(), StringComparison.Ordinal)));
            var account = spec["serviceAccountName"]?.GetValue<string>();
            Assert.True(
                account is null or "existing" || objects.Of("ServiceAccount").Any(one => string.Equals(one.Name(), account, StringComparison.Ordinal)),
                $"the pod of the {of} runs as {account}, which nothing makes");
            var volumes = spec["volumes"]?.AsArray().Select(volume => volume!["name"]!.GetValue<string>()).ToList() ?? [];
            var mounted = spec.Container()["volumeMounts"]!.AsArray().Select(mount => mount!["name"]!.GetValue<string>()).ToList();
            Assert.Equal(volumes.Order(StringComparer.Ordinal), mounted.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task Ports_EachNamedOne_IsAContainerPort(string file)
    {
        var objects = await HelmChart.RenderAsync(file);
        var container = objects.Pods().Single(pod => pod.Of is "Deployment").Spec.Container();
        var ports = container["ports"]!.AsArray().ToDictionary(port => port!["name"]!.GetValue<string>(), port => port!["containerPort"]!.GetValue<int>(), StringComparer.Ordinal);
        var service = objects.Only("Service");

        Assert.Equal(8000, ports["http"]);
        Assert.Equal("http", service["spec"]!["ports"]![0]!["targetPort"]!.GetValue<string>());
        Assert.Equal("http://+:8000", objects.Only("ConfigMap")["data"]!["ASPNETCORE_URLS"]!.GetValue<string>());
        Assert.All(
            objects.Of("NetworkPolicy").SelectMany(policy => policy["spec"]!["ingress"]!.AsArray()).SelectMany(rule => rule!["ports"]!.AsArray()),
            port => Assert.Contains(port!["port"]!.GetValue<string>(), ports.Keys, StringComparer.Ordinal));
        if (ports.TryGetValue("silo", out var silo))
        {
            Assert.Equal(silo.ToString(), objects.Only("ConfigMap")["data"]!["cluster__silo_port"]!.GetValue<string>());
            Assert.Equal(ports["gateway"].ToString(), objects.Only("ConfigMap")["data"]!["cluster__gateway_port"]!.GetValue<string>());
        }

        foreach (var backend in objects.Of("Ingress").SelectMany(ingress => ingress.Find("backend")))
        {
            Assert.Equal(service.Name(), backend["service"]!["name"]!.GetValue<string>());
            Assert.Equal(service["spec"]!["ports"]![0]!["name"]!.GetValue<string>(), backend["service"]!["port"]!["name"]!.GetValue<string>());
        }
    }

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task Probes_AllThree_AskTheHealthRoutes(string file)
    {
        var container = (await HelmChart.RenderAsync(file)).Pods().Single(pod => pod.Of is "Deployment").Spec.Container();

        string[] probes = ["startupProbe", "readinessProbe", "livenessProbe"];
        Assert.Equal(HealthRoutes, probes.Select(probe => container[probe]!["httpGet"]!["path"]!.GetValue<string>()), StringComparer.Ordinal);
        Assert.All(probes, probe => Assert.Equal("http", container[probe]!["httpGet"]!["port"]!.GetValue<string>()));
    }

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task Pods_EachOne_IsNonRootReadOnlyAndConfined(string file)
    {
        foreach (var (_, _, spec) in (await HelmChart.RenderAsync(file)).Pods())
        {
            var container = spec.Container();
            Assert.True(spec["securityContext"]!["runAsNonRoot"]!.GetValue<bool>());
            Assert.NotEqual(0, spec["securityContext"]!["runAsUser"]!.GetValue<int>());
            Assert.Equal("RuntimeDefault", spec["securityContext"]!["seccompProfile"]!["type"]!.GetValue<string>());
            Assert.True(container["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>());
            Assert.False(container["securityContext"]!["allowPrivilegeEscalation"]!.GetValue<bool>());
            Assert.Equal("ALL", container["securityContext"]!["capabilities"]!["drop"]![0]!.GetValue<string>());
            Assert.Contains(container["volumeMounts"]!.AsArray(), mount => mount!["mountPath"]!.GetValue<string>() is "/tmp");
            Assert.NotNull(container["resources"]!["limits"]!["memory"]);
        }
    }

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task Secrets_NoObject_HoldsOne(string file)
    {
        var objects = await HelmChart.RenderAsync(file);

        Assert.Empty(objects.Of("Secret"));
        Assert.DoesNotContain(
            objects.Only("ConfigMap")["data"]!.AsObject(),
            pair => pair.Key.EndsWith("password", StringComparison.OrdinalIgnoreCase) || pair.Key.EndsWith("secret", StringComparison.OrdinalIgnoreCase));
        var env = objects.Pods().SelectMany(pod => pod.Spec.Find("env")).SelectMany(list => list.AsArray()).ToList();
        Assert.NotEmpty(env);
        Assert.All(env.Where(one => one!["name"]!.GetValue<string>() is "security__jwt_secret" or "security__pii_key"), one => Assert.NotNull(one!["valueFrom"]!["secretKeyRef"]));
    }

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task StateDirectory_Setting_IsAWritableMount(string file)
    {
        var objects = await HelmChart.RenderAsync(file);
        var state = objects.Only("ConfigMap")["data"]!["state_directory"]!.GetValue<string>();

        foreach (var (of, _, spec) in objects.Pods().Where(pod => pod.Of is not "Pod"))
        {
            var mount = Assert.Single(spec.Container()["volumeMounts"]!.AsArray(), one => string.Equals(one!["mountPath"]!.GetValue<string>(), state, StringComparison.Ordinal))!;
            Assert.Null(mount["readOnly"]);
            var volume = Assert.Single(spec["volumes"]!.AsArray(), one => JsonNode.DeepEquals(one!["name"], mount["name"]))!;
            Assert.True(volume["emptyDir"] is not null, $"the state of the {of} is on no emptyDir");
        }
    }

    [Fact]
    public async Task CredentialFiles_Settings_PointIntoTheirMounts()
    {
        var spec = (await HelmChart.RenderAsync("default-values.yaml")).Pods().Single(pod => pod.Of is "Deployment").Spec;
        var env = spec.Container()["env"]!.AsArray().Where(one => one!["value"] is not null).ToDictionary(one => one!["name"]!.GetValue<string>(), one => one!["value"]!.GetValue<string>(), StringComparer.Ordinal);
        string Mount(string volume) => spec.Container()["volumeMounts"]!.AsArray().Single(one => string.Equals(one!["name"]!.GetValue<string>(), volume, StringComparison.Ordinal))!["mountPath"]!.GetValue<string>();
        IEnumerable<string> Files(string volume) => spec["volumes"]!.AsArray().Single(one => string.Equals(one!["name"]!.GetValue<string>(), volume, StringComparison.Ordinal))!["secret"]!["items"]!.AsArray().Select(item => item!["path"]!.GetValue<string>());

        Assert.Equal(Mount("postgres-credentials"), env["data_warehouse__postgres__credentials_directory"]);
        Assert.Equal(["user", "password"], Files("postgres-credentials"), StringComparer.Ordinal);
        Assert.Equal(Mount("bigquery-credentials") + "/credentials.json", env["GOOGLE_APPLICATION_CREDENTIALS"]);
        Assert.Equal(["credentials.json"], Files("bigquery-credentials"), StringComparer.Ordinal);
    }

    [Fact]
    public async Task Deployment_Default_IsAsTheSeedAsksAndNeverOneShort()
    {
        var deployment = (await HelmChart.RenderAsync("default-values.yaml")).Only("Deployment")["spec"]!;
        var resources = deployment["template"]!["spec"]!.AsObject().Container()["resources"]!;

        Assert.Equal(3, deployment["replicas"]!.GetValue<int>());
        Assert.Equal(0, deployment["strategy"]!["rollingUpdate"]!["maxUnavailable"]!.GetValue<int>());
        Assert.Equal("""{"cpu":"200m","memory":"512Mi"}""", resources["requests"]!.ToJsonString());
        Assert.Equal("""{"cpu":"500m","memory":"1Gi"}""", resources["limits"]!.ToJsonString());
    }

    [Fact]
    public async Task CpuLimit_TurnedOff_LeavesOnlyTheMemoryLimit()
    {
        var spec = (await HelmChart.RenderAsync("everything-values.yaml")).Pods().Single(pod => pod.Of is "Deployment").Spec;

        Assert.Equal("""{"memory":"1Gi"}""", spec.Container()["resources"]!["limits"]!.ToJsonString());
    }

    [Fact]
    public async Task Replicas_Autoscaled_AreLeftToTheAutoscaler() =>
        Assert.Null((await HelmChart.RenderAsync("everything-values.yaml")).Only("Deployment")["spec"]!["replicas"]);

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task Shutdown_PreStopAndHostTimeout_FitIntoTheGracePeriod(string file)
    {
        var objects = await HelmChart.RenderAsync(file);
        var spec = objects.Pods().Single(pod => pod.Of is "Deployment").Spec;

        var grace = spec["terminationGracePeriodSeconds"]!.GetValue<int>();
        var preStop = spec.Container()["lifecycle"]!["preStop"]!["sleep"]!["seconds"]!.GetValue<int>();
        var host = int.Parse(objects.Only("ConfigMap")["data"]!["DOTNET_shutdownTimeoutSeconds"]!.GetValue<string>());
        Assert.InRange(host, 10, grace - preStop - 1);
    }

    [Fact]
    public async Task NetworkPolicy_SiloPorts_AreOpenToThisReleaseOnly()
    {
        var rules = (await HelmChart.RenderAsync("default-values.yaml")).Only("NetworkPolicy")["spec"]!["ingress"]!.AsArray();

        var rule = Assert.Single(rules, one => one!["ports"]!.AsArray().Any(port => port!["port"]!.GetValue<string>() is "silo" or "gateway"))!;
        Assert.Equal(["silo", "gateway"], rule["ports"]!.AsArray().Select(port => port!["port"]!.GetValue<string>()), StringComparer.Ordinal);
        Assert.NotNull(Assert.Single(rule["from"]!.AsArray())!["podSelector"]!["matchLabels"]);
    }

    [Fact]
    public async Task ConfigMap_Changed_RollsThePods()
    {
        static async Task<string> ChecksumAsync(params string[] set) => KubernetesStandIn.Manifests.Parse((await HelmChart.TemplateAsync(set)).Succeed())
            .Only("Deployment")["spec"]!["template"]!["metadata"]!["annotations"]!["checksum/config"]!.GetValue<string>();

        Assert.NotEqual(await ChecksumAsync(), await ChecksumAsync("--set", "config.marts__warehouse=postgres"), StringComparer.Ordinal);
    }

    [Fact]
    public async Task NetworkPolicy_HttpLimited_AdmitsWhomTheValuesNameTheScraperAndHelmTest()
    {
        var objects = await HelmChart.RenderAsync("everything-values.yaml");

        var rule = Assert.Single(
            objects.Only("NetworkPolicy")["spec"]!["ingress"]!.AsArray(), one => one!["ports"]![0]!["port"]!.GetValue<string>() is "http")!;
        var peers = rule["from"]!.AsArray();
        var spaces = peers.Find("namespaceSelector").Select(peer => peer["matchLabels"]!["kubernetes.io/metadata.name"]!.GetValue<string>());
        Assert.Equal(["ingress", "monitoring"], spaces, StringComparer.Ordinal);
        var test = objects.Pods().Single(pod => pod.Of is "Pod").Metadata["labels"]!;
        Assert.True(Assert.Single(peers.Find("podSelector"))["matchLabels"]!.Matches(test), "the pod of helm test is shut out");
    }

    [Fact]
    public async Task NetworkPolicy_HttpNotLimited_IsOpenToAll()
    {
        var rules = (await HelmChart.RenderAsync("default-values.yaml")).Only("NetworkPolicy")["spec"]!["ingress"]!.AsArray();

        Assert.Null(Assert.Single(rules, one => one!["ports"]![0]!["port"]!.GetValue<string>() is "http")!["from"]);
    }

    [Fact]
    public async Task Scheduling_EveryPod_HonoursTheValues()
    {
        foreach (var (of, _, spec) in (await HelmChart.RenderAsync("everything-values.yaml")).Pods())
        {
            Assert.True(spec["nodeSelector"]?["kubernetes.io/os"]?.GetValue<string>() is "linux", $"nodeSelector of the {of}");
            Assert.True(spec["tolerations"]?[0]?["key"]?.GetValue<string>() is "dedicated", $"tolerations of the {of}");
            Assert.True(spec["affinity"]?["nodeAffinity"] is not null, $"affinity of the {of}");
        }
    }

    [Fact]
    public async Task Everything_OptionalObjects_SayWhatTheValuesDo()
    {
        var objects = await HelmChart.RenderAsync("everything-values.yaml");
        var deployment = objects.Only("Deployment");

        var scaler = objects.Only("HorizontalPodAutoscaler")["spec"]!;
        Assert.Equal(
            $$"""{"apiVersion":"apps/v1","kind":"Deployment","name":"{{deployment.Name()}}"}""", scaler["scaleTargetRef"]!.ToJsonString());
        Assert.Equal((3, 6), (scaler["minReplicas"]!.GetValue<int>(), scaler["maxReplicas"]!.GetValue<int>()));
        Assert.Equal(70, scaler["metrics"]![0]!["resource"]!["target"]!["averageUtilization"]!.GetValue<int>());

        var ingress = objects.Only("Ingress")["spec"]!;
        Assert.Equal("nginx", ingress["ingressClassName"]!.GetValue<string>());
        Assert.Equal("""[{"hosts":["sales.example.com"],"secretName":"sales-tls"}]""", ingress["tls"]!.ToJsonString());
        Assert.Equal("sales.example.com", Assert.Single(ingress["rules"]!.AsArray())!["host"]!.GetValue<string>());

        var job = objects.Only("CronJob")["spec"]!;
        Assert.Equal(("0 0 * * *", "Etc/UTC", "Forbid"),
            (job["schedule"]!.GetValue<string>(), job["timeZone"]!.GetValue<string>(), job["concurrencyPolicy"]!.GetValue<string>()));
        var container = job["jobTemplate"]!["spec"]!["template"]!["spec"]!.AsObject().Container();
        Assert.Equal("""["pipeline","run"]""", container["args"]!.ToJsonString());
        Assert.Equal(deployment["spec"]!["template"]!["spec"]!.AsObject().Container()["image"]!.ToJsonString(), container["image"]!.ToJsonString());
    }

    [Fact]
    public async Task Default_ServiceBudgetAndSpread_KeepThePromises()
    {
        var objects = await HelmChart.RenderAsync("default-values.yaml");

        Assert.Equal(80, objects.Only("Service")["spec"]!["ports"]![0]!["port"]!.GetValue<int>());
        Assert.Equal(1, objects.Only("PodDisruptionBudget")["spec"]!["maxUnavailable"]!.GetValue<int>());
        var spread = objects.Only("Deployment")["spec"]!["template"]!["spec"]!["topologySpreadConstraints"]!.AsArray();
        var keys = spread.Select(one => one!["topologyKey"]!.GetValue<string>());
        Assert.Equal(["kubernetes.io/hostname", "topology.kubernetes.io/zone"], keys, StringComparer.Ordinal);
        Assert.All(spread, one => Assert.Equal("ScheduleAnyway", one!["whenUnsatisfiable"]!.GetValue<string>()));
    }

    private static bool IsOfTest(JsonNode labels) => labels["app.kubernetes.io/component"]?.GetValue<string>() is "test";

    private static IEnumerable<(string Where, JsonNode Selector)> Selectors(IReadOnlyList<JsonObject> objects)
    {
        foreach (var one in objects)
        {
            if (one.Kind() is "Service") yield return ("the Service", one["spec"]!["selector"]!);
            foreach (var property in (string[])["selector", "podSelector", "labelSelector"])
            {
                // The policy also admits the pod of helm test, which has a test of its own.
                foreach (var selector in one.Find(property).Where(selector => selector["matchLabels"] is { } labels && !IsOfTest(labels)))
                {
                    yield return ($"{property} of the {one.Kind()}", selector["matchLabels"]!);
                }
            }
        }
    }
}
