using AiInfra.AppHost.Charts;
using AiInfra.AppHost.Monitoring;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Publishing;

/// <summary>
/// Kubernetes, as a Helm chart: Aspire writes workloads, Services, ConfigMaps and Secrets; pods are completed here, and everything
/// around them (policies, claims, scalers, ingress) is written beside, by <see cref="ChartFiles"/>.
/// </summary>
internal static class KubernetesTarget
{
    private const string Name = "kubernetes";

    public static void Add(IDistributedApplicationBuilder builder, Architecture architecture)
    {
        var monitoring = PublishedFiles.Write(architecture, MonitoringSettings.From(builder.Configuration), isKubernetes: true);
        builder.AddKubernetesEnvironment(Name)
            .WithDashboard(enabled: false)
            .WithHelm(chart => chart.WithChartName("aiinfra").WithChartVersion(Images.OwnVersion).WithChartDescription("AI platform: gateway, memory, vLLM, monitoring"));
        foreach (var resource in builder.Resources.OfType<IComputeResource>().Where(resource => resource is IResourceWithEndpoints).ToList())
        {
            var shape = architecture[resource.Name];
            builder.CreateResourceBuilder(resource).PublishAsKubernetesService(published =>
            {
                KubernetesPod.Complete(published, shape, monitoring.Keys);
                KubernetesProbes.Add(published, shape);
                KubernetesService.Complete(published, shape);
            });
        }

        PublishedOutput.AddStep(builder, Name, (folder, cancellationToken) => CompleteAsync(folder, architecture, monitoring, cancellationToken));
    }

    private static async Task CompleteAsync(
        string folder, Architecture architecture, IReadOnlyDictionary<string, string> monitoring, CancellationToken cancellationToken)
    {
        foreach (var (path, text) in ChartFiles.Write(architecture, monitoring))
        {
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, text, cancellationToken);
        }

        var values = Path.Combine(folder, "values.yaml");
        await File.WriteAllTextAsync(values, ChartText.Values(await File.ReadAllTextAsync(values, cancellationToken)) + ChartValues.Write(architecture), cancellationToken);
        var scalable = ChartValues.Scalable(architecture).ToHashSet();
        foreach (var service in architecture.Services)
        {
            foreach (var file in Directory.GetFiles(Path.Combine(folder, "templates", service.Name)))
            {
                var text = await File.ReadAllTextAsync(file, cancellationToken);
                var completed = Path.GetFileName(file) switch
                {
                    "secrets.yaml" => ChartText.Secret(text, service.Name),
                    "deployment.yaml" or "statefulset.yaml" => ChartText.Workload(text, service, scalable.Contains(service)),
                    "service.yaml" => ChartText.Service(text, service),
                    _ => text,
                };
                await File.WriteAllTextAsync(file, completed, cancellationToken);
            }
        }
    }
}
