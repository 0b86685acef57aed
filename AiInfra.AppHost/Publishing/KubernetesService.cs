using AiInfra.AppHost.Topology;
using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Kubernetes.Resources;

namespace AiInfra.AppHost.Publishing;

/// <summary>How instances are replaced, and what a service's name stands for.</summary>
internal static class KubernetesService
{
    public static void Complete(KubernetesResource published, ServiceShape shape)
    {
        if (published.Workload is Deployment deployment)
        {
            // The chart's values say how many.
            deployment.Spec.Replicas = shape.Name == Architecture.Gateway || shape.Pool is not null ? null : 1;
            deployment.Spec.Strategy = shape switch
            {
                // A new gateway comes before an old one goes; a new model server has no GPU until an old one has gone.
                { Name: Architecture.Gateway } => new() { RollingUpdate = new() { MaxSurge = 1, MaxUnavailable = 0 } },
                { Pool: not null } => new() { RollingUpdate = new() { MaxSurge = 0, MaxUnavailable = 1 } },
                // Two of them must never open one volume.
                { Volume: not null } => new() { Type = "Recreate", RollingUpdate = null! },
                _ => new() { RollingUpdate = new() { MaxSurge = 1, MaxUnavailable = 0 } },
            };
        }

        if (published.Workload is StatefulSet set)
        {
            set.Spec.ServiceName = published.Service!.Metadata.Name;
        }

        if (published.Service is not { } service)
        {
            return;
        }

        if (shape.Pool is not null)
        {
            // Headless: the name stands for every server, and the gateway chooses.
            service.Spec.ClusterIp = "None";
        }

        // Operators come by port-forward, which needs no Service; no other pod has a way to it.
        service.Spec.Ports.RemoveAll(port => port.Name == "admin");
        published.Workload!.PodTemplate.Spec.Containers[0].Ports.RemoveAll(port => port.Name == "admin");
    }
}
