using System.Globalization;
using AiInfra.AppHost.Charts;
using AiInfra.AppHost.Topology;
using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Kubernetes.Resources;

namespace AiInfra.AppHost.Publishing;

/// <summary>Limits a pod, takes its rights (the restricted Pod Security level), gives it its volumes and spreads its instances.</summary>
internal static class KubernetesPod
{
    public static void Complete(KubernetesResource published, ServiceShape shape, IEnumerable<string> monitoringFiles)
    {
        var pod = published.Workload!.PodTemplate.Spec;
        var container = pod.Containers[0];
        pod.ServiceAccountName = shape.Name;
        pod.AutomountServiceAccountToken = false;
        pod.EnableServiceLinks = false;
        pod.TerminationGracePeriodSeconds = shape.StopSeconds + KubernetesProbes.LeaveSeconds;
        pod.SecurityContext = new()
        {
            RunAsNonRoot = true,
            RunAsUser = shape.User,
            RunAsGroup = shape.User,
            FsGroup = shape.User,
            FsGroupChangePolicy = "OnRootMismatch",
            SeccompProfile = new() { Type = "RuntimeDefault" },
        };
        container.SecurityContext = new()
        {
            AllowPrivilegeEscalation = false,
            ReadOnlyRootFilesystem = true,
            RunAsNonRoot = true,
            Capabilities = new() { Drop = { "ALL" } },
        };
        Limit(container, shape);
        if (shape.Gpus > 0)
        {
            pod.Tolerations.Add(new() { Key = "nvidia.com/gpu", Operator = "Exists", Effect = "NoSchedule" });
            if (shape.GpuKind.Length > 0)
            {
                pod.NodeSelector["nvidia.com/gpu.product"] = shape.GpuKind;
            }
        }

        pod.TopologySpreadConstraints.Add(Spread("kubernetes.io/hostname", shape));
        pod.TopologySpreadConstraints.Add(Spread("topology.kubernetes.io/zone", shape));
        Mount(pod, container, shape, monitoringFiles);
        foreach (var secret in container.EnvFrom.Select(source => source.SecretRef).OfType<SecretEnvSourceV1>())
        {
            secret.Name = $"{{{{ .Values.existingSecrets.{ChartObject.ValueName(shape.Name)} | default `{secret.Name}` }}}}";
        }
    }

    private static void Limit(ContainerV1 container, ServiceShape shape)
    {
        var values = $".Values.resources.{ChartObject.ValueName(shape.Name)}";
        container.Resources = new();
        container.Resources.Limits["cpu"] = $"{{{{ {values}.limits.cpu }}}}";
        container.Resources.Limits["memory"] = $"{{{{ {values}.limits.memory }}}}";
        container.Resources.Requests["cpu"] = $"{{{{ {values}.requests.cpu }}}}";
        container.Resources.Requests["memory"] = $"{{{{ {values}.requests.memory }}}}";
        if (shape.Gpus > 0)
        {
            container.Resources.Limits["nvidia.com/gpu"] = shape.Gpus.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static TopologySpreadConstraintV1 Spread(string key, ServiceShape shape) => new()
    {
        TopologyKey = key,
        MaxSkew = 1,
        WhenUnsatisfiable = "ScheduleAnyway",
        LabelSelector = new(new Dictionary<string, string>
        {
            ["app.kubernetes.io/instance"] = "{{ .Release.Name }}",
            ["app.kubernetes.io/component"] = shape.Name,
        }),
    };

    private static void Mount(PodSpecV1 pod, ContainerV1 container, ServiceShape shape, IEnumerable<string> monitoringFiles)
    {
        if (shape.Volume is { } volume)
        {
            pod.Volumes.Add(ServiceObjects.HasClaim(shape)
                ? new() { Name = "data", PersistentVolumeClaim = new() { ClaimName = volume.Name } }
                : new() { Name = "data", EmptyDir = new() { SizeLimit = string.Create(CultureInfo.InvariantCulture, $"{volume.Gigabytes}Gi") } });
            container.VolumeMounts.Add(new() { Name = "data", MountPath = volume.Path });
        }

        foreach (var (folder, number) in shape.Scratch.Select((folder, number) => (folder, number)))
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"scratch-{number}");
            pod.Volumes.Add(new() { Name = name, EmptyDir = new() { SizeLimit = "1Gi" } });
            container.VolumeMounts.Add(new() { Name = name, MountPath = folder });
        }

        if (shape.Gpus > 1)
        {
            // The processes of one server hand each other tensors there; a container's own is 64 MiB.
            pod.Volumes.Add(new() { Name = "shm", EmptyDir = new() { Medium = "Memory", SizeLimit = "8Gi" } });
            container.VolumeMounts.Add(new() { Name = "shm", MountPath = "/dev/shm" });
        }

        foreach (var folder in shape.Configuration)
        {
            var files = new ConfigMapVolumeSourceV1 { Name = MonitoringFileObjects.NameOf(folder) };
            files.Items.AddRange(MonitoringFileObjects.FilesOf(folder, monitoringFiles)
                .Select(file => new KeyToPathV1 { Key = MonitoringFileObjects.KeyOf(folder, file), Path = file[(folder.Source.Length + 1)..] }));
            pod.Volumes.Add(new() { Name = files.Name, ConfigMap = files });
            container.VolumeMounts.Add(new() { Name = files.Name, MountPath = folder.Path, ReadOnly = true });
        }
    }
}
