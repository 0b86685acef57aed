using System.Globalization;
using AiInfra.AppHost.Topology;
using k8s.Models;
using Peer = AiInfra.Tests.Publishing.NetworkPolicyReader.Peer;

namespace AiInfra.Tests.Publishing;

/// <summary>Rules for <c>deploy/helm</c>, as code, on what helm renders and Kubernetes' own client reads strictly.</summary>
public sealed class ChartTests(ChartFixture chart) : IClassFixture<ChartFixture>
{
    private static readonly int[] EveryPort = [.. Reference.Kubernetes.Services.SelectMany(service => service.Ports.Values).Append(443).Distinct()];

    private Dictionary<string, V1PodTemplateSpec> Pods => chart.Objects.OfType<V1Deployment>().ToDictionary(one => Component(one.Metadata), one => one.Spec.Template)
        .Concat(chart.Objects.OfType<V1StatefulSet>().ToDictionary(one => Component(one.Metadata), one => one.Spec.Template)).ToDictionary();

    [Fact]
    public async Task Helm_finds_nothing_wrong_with_the_chart()
    {
        Assert.Contains("0 chart(s) failed", await chart.HelmAsync("lint", ChartFixture.Folder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chart_without_its_secrets_is_refused()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => chart.HelmAsync("template", "release", ChartFixture.Folder));

        Assert.Contains("is empty", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_named_Secret_takes_the_place_of_the_charts_own()
    {
        var services = new[] { "redis", "vllm", "gateway", "grafana", "redis_exporter", "memory" };
        var text = await chart.HelmAsync(["template", "release", ChartFixture.Folder, .. services.SelectMany(name => new[] { "--set", $"existingSecrets.{name}=mine-{name}" })]);

        Assert.DoesNotContain("kind: \"Secret\"", text, StringComparison.Ordinal);
        Assert.All(services, name => Assert.Contains($"name: \"mine-{name}\"", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_service_of_the_architecture_has_pods_and_no_other()
    {
        Assert.Equal(Reference.Kubernetes.Services.Select(service => service.Name).Order(), Pods.Keys.Order());
    }

    [Fact]
    public void Every_container_is_limited_and_reserves_what_it_needs()
    {
        Assert.All(Pods, pod =>
        {
            var shape = Reference.Kubernetes[pod.Key];
            var resources = Assert.Single(pod.Value.Spec.Containers).Resources;
            Assert.Equal(shape.Cores, resources.Limits["cpu"].ToDouble());
            Assert.Equal(shape.Megabytes * 1024.0 * 1024, resources.Limits["memory"].ToDouble());
            Assert.True(resources.Requests["cpu"].ToDouble() <= resources.Limits["cpu"].ToDouble());
            Assert.True(resources.Requests["memory"].ToDouble() <= resources.Limits["memory"].ToDouble());
            Assert.Equal(shape.Gpus, resources.Limits.TryGetValue("nvidia.com/gpu", out var gpus) ? gpus.ToDouble() : 0);
        });
    }

    [Fact]
    public void Every_pod_keeps_to_the_restricted_security_level()
    {
        Assert.All(Pods, pod =>
        {
            var spec = pod.Value.Spec;
            var container = spec.Containers[0].SecurityContext;
            Assert.True(spec.SecurityContext.RunAsNonRoot);
            Assert.True(spec.SecurityContext.RunAsUser > 0);
            Assert.Equal("RuntimeDefault", spec.SecurityContext.SeccompProfile.Type);
            Assert.False(container.AllowPrivilegeEscalation);
            Assert.True(container.ReadOnlyRootFilesystem);
            Assert.Equal(["ALL"], container.Capabilities.Drop);
            Assert.True(spec.HostNetwork is null or false);
            Assert.All(spec.Volumes ?? [], volume => Assert.Null(volume.HostPath));
        });
    }

    [Fact]
    public void Every_pod_has_an_account_of_its_own_without_a_token()
    {
        var accounts = chart.Objects.OfType<V1ServiceAccount>().ToDictionary(account => account.Metadata.Name);

        Assert.All(Pods, pod =>
        {
            Assert.Equal(pod.Key, pod.Value.Spec.ServiceAccountName);
            Assert.False(accounts[pod.Key].AutomountServiceAccountToken);
            Assert.False(pod.Value.Spec.AutomountServiceAccountToken);
        });
    }

    [Fact]
    public void Every_container_is_asked_three_questions()
    {
        Assert.All(Pods, pod =>
        {
            var container = pod.Value.Spec.Containers[0];
            Assert.NotNull(container.ReadinessProbe);
            Assert.NotNull(container.LivenessProbe);
            // A start may take as long as the service says, and liveness waits for it.
            var start = Reference.Kubernetes[pod.Key].Health.StartSeconds;
            Assert.True(container.StartupProbe.FailureThreshold * container.StartupProbe.PeriodSeconds >= start);
        });
    }

    [Fact]
    public void Every_image_is_pinned()
    {
        var pins = Images.All.Select(image => image.ToString()).Concat([$"aiinfra/gateway:{Images.OwnVersion}", $"aiinfra/memory:{Images.OwnVersion}"]);

        Assert.All(Pods, pod => Assert.Contains(pod.Value.Spec.Containers[0].Image, pins));
    }

    [Fact]
    public void A_pod_is_killed_later_than_its_server_gives_up()
    {
        var settings = chart.Objects.OfType<V1ConfigMap>().Single(map => map.Metadata.Name == "gateway-config").Data;
        var vllm = Pods["vllm"].Spec;
        var limit = vllm.Containers[0].Args[vllm.Containers[0].Args.IndexOf("--shutdown-timeout") + 1];

        Assert.All(Pods, pod => Assert.Equal(5, pod.Value.Spec.Containers[0].Lifecycle.PreStop.Sleep.Seconds));
        Assert.True(Pods["gateway"].Spec.TerminationGracePeriodSeconds > 5 + int.Parse(settings["DOTNET_SHUTDOWNTIMEOUTSECONDS"], CultureInfo.InvariantCulture));
        Assert.True(vllm.TerminationGracePeriodSeconds > 5 + int.Parse(limit, CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Instances_are_spread_and_disrupted_one_at_a_time()
    {
        var budgets = chart.Objects.OfType<V1PodDisruptionBudget>().ToDictionary(budget => budget.Metadata.Name);

        Assert.All(Pods, pod =>
        {
            Assert.Equal(["kubernetes.io/hostname", "topology.kubernetes.io/zone"], pod.Value.Spec.TopologySpreadConstraints.Select(one => one.TopologyKey));
            Assert.Equal("1", budgets[pod.Key].Spec.MaxUnavailable.Value);
        });
    }

    [Fact]
    public void What_writes_to_a_volume_alone_is_never_there_twice()
    {
        var memory = chart.Objects.OfType<V1Deployment>().Single(one => Component(one.Metadata) == Architecture.Memory).Spec;

        Assert.Equal(1, memory.Replicas);
        Assert.Equal("Recreate", memory.Strategy.Type);
    }

    [Fact]
    public void Claims_outlive_the_release_and_every_mounted_one_exists()
    {
        var claims = chart.Objects.OfType<V1PersistentVolumeClaim>().ToDictionary(claim => claim.Metadata.Name);
        var mounted = Pods.Values.SelectMany(pod => pod.Spec.Volumes ?? []).Select(volume => volume.PersistentVolumeClaim?.ClaimName).OfType<string>().Distinct();

        Assert.Equal(claims.Keys.Order(), mounted.Order());
        Assert.All(claims.Values, claim => Assert.Equal("keep", claim.Metadata.Annotations["helm.sh/resource-policy"]));
        Assert.Equal(["ReadWriteMany"], claims["vllm-model-cache"].Spec.AccessModes);
        Assert.Equal("shared", chart.Everything.OfType<V1PersistentVolumeClaim>().Single(claim => claim.Metadata.Name == "vllm-model-cache").Spec.StorageClassName);
    }

    [Fact]
    public void The_name_of_a_pool_stands_for_every_server()
    {
        var services = chart.Objects.OfType<V1Service>().ToDictionary(service => service.Metadata.Name);

        Assert.Equal("None", services["vllm-service"].Spec.ClusterIP);
        Assert.Equal("None", services["gateway-pods"].Spec.ClusterIP);
        Assert.DoesNotContain(services["gateway-service"].Spec.Ports, port => port.Port == 8082);
        Assert.All(services.Values, service => Assert.Contains(service.Spec.Type, new[] { null, "ClusterIP" }));
    }

    [Fact]
    public void Callers_of_the_gateway_get_an_instance_in_their_own_zone()
    {
        var preferring = chart.Objects.OfType<V1Service>().Where(service => service.Spec.TrafficDistribution == "PreferClose");
        Assert.Equal("gateway-service", Assert.Single(preferring).Metadata.Name);
    }

    [Fact]
    public void Every_arrow_is_allowed_and_nothing_else()
    {
        var reader = new NetworkPolicyReader([.. chart.Objects.OfType<V1NetworkPolicy>()]);
        List<Peer> pods = [.. Pods.Select(pod => new Peer(pod.Key, pod.Value.Metadata.Labels.AsReadOnly()))];
        List<Peer> others = [new(Architecture.Outside, new Dictionary<string, string>(), "ingress-nginx"), new("elsewhere", new Dictionary<string, string>(), "elsewhere")];
        var internet = new Peer(Architecture.Internet, new Dictionary<string, string>(), "internet");

        var allowed = from @from in pods.Concat(others)
                      from to in pods.Append(internet)
                      from port in EveryPort
                      where @from != to && reader.Allows(@from, to, port) && (others.Contains(@from) ? to != internet : true)
                      select (@from.Name, to.Name, port);

        Assert.Equal(Reference.Kubernetes.Arrows.Select(arrow => (arrow.From, arrow.To, arrow.Port)).Order(), allowed.Order());
    }

    [Fact]
    public void Every_arrow_has_exactly_its_policies()
    {
        var names = chart.Objects.OfType<V1NetworkPolicy>().Select(policy => policy.Metadata.Name);
        var arrows = Reference.Kubernetes.Arrows.SelectMany(arrow => arrow switch
        {
            { From: Architecture.Outside } or { To: Architecture.Internet } => new[] { $"{arrow.From}-to-{arrow.To}" },
            _ => [$"{arrow.From}-to-{arrow.To}-out", $"{arrow.From}-to-{arrow.To}-in"],
        });

        Assert.Equal(arrows.Concat(["deny-all", "resolve-names"]).Order(), names.Order());
    }

    [Fact]
    public void Names_are_resolved_by_the_clusters_own_server_alone()
    {
        var reader = new NetworkPolicyReader([.. chart.Objects.OfType<V1NetworkPolicy>()]);
        var dns = new Peer("dns", new Dictionary<string, string> { ["k8s-app"] = "kube-dns" }, "kube-system");

        Assert.All(Pods, pod =>
        {
            var peer = new Peer(pod.Key, pod.Value.Metadata.Labels.AsReadOnly());
            Assert.True(reader.AllowsOut(peer, dns, 53));
            Assert.False(reader.AllowsOut(peer, dns with { Labels = new Dictionary<string, string>() }, 53));
        });
    }

    [Fact]
    public void With_everything_on_there_are_an_ingress_for_streams_scalers_and_monitors()
    {
        var ingress = Assert.Single(chart.Everything.OfType<V1Ingress>());
        Assert.Equal("ai.example.com", Assert.Single(Assert.Single(ingress.Spec.Tls).Hosts));
        Assert.Equal("off", ingress.Metadata.Annotations["nginx.ingress.kubernetes.io/proxy-buffering"]);

        var scalers = chart.Everything.OfType<V2HorizontalPodAutoscaler>().ToDictionary(scaler => scaler.Metadata.Name);
        Assert.Equal("vllm_requests_waiting", scalers["vllm"].Spec.Metrics[0].Pods.Metric.Name);
        Assert.Equal("aiinfra_gateway_requests_per_second", scalers["gateway"].Spec.Metrics[0].Pods.Metric.Name);
        // An autoscaler and a number in the chart would fight at every upgrade.
        Assert.All(chart.Everything.OfType<V1Deployment>().Where(one => scalers.ContainsKey(Component(one.Metadata))), one => Assert.Null(one.Spec.Replicas));
        Assert.All(chart.Everything.OfType<V1Deployment>(), one => Assert.Equal("on", one.Spec.Template.Metadata.Annotations["mesh"]));
        Assert.Equal(4, ChartFixture.Documents(chart.EverythingText).Count(document => document.Contains("kind: ServiceMonitor", StringComparison.Ordinal)));
    }

    [Fact]
    public void Secrets_hold_what_was_given_and_the_chart_holds_none()
    {
        var values = File.ReadAllText(Path.Combine(ChartFixture.Folder, "values.yaml"));
        var secrets = values[values.IndexOf("secrets:", StringComparison.Ordinal)..values.IndexOf("config:", StringComparison.Ordinal)];

        Assert.All(secrets.Split('\n').Where(line => line.StartsWith("    ", StringComparison.Ordinal)), line => Assert.EndsWith(": \"\"", line, StringComparison.Ordinal));
        Assert.Equal("redis-service:6379,password=given", chart.Objects.OfType<V1Secret>()
            .Single(secret => secret.Metadata.Name == "gateway-secrets").StringData["ConnectionStrings__redis"]);
        Assert.All(chart.Objects.OfType<V1ConfigMap>().Where(map => map.Metadata.Name.EndsWith("-config", StringComparison.Ordinal)), map =>
            Assert.All(map.Data.Keys, key => Assert.DoesNotMatch("(?i)(password|_key|__key|token|pepper|secret)$", key)));
    }

    private static string Component(V1ObjectMeta metadata) => metadata.Labels["app.kubernetes.io/component"];
}
