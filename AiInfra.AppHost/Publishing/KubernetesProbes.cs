using AiInfra.AppHost.Topology;
using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Kubernetes.Resources;

namespace AiInfra.AppHost.Publishing;

/// <summary>Asks whether a start goes on, whether requests may come, and whether a restart would help: three questions, never one page for all.</summary>
internal static class KubernetesProbes
{
    /// <summary>
    /// Seconds between the removal from the Services and the request to stop: until every node has heard of it, requests still come.
    /// </summary>
    public const int LeaveSeconds = 5;

    private const int StartPeriod = 10;

    public static void Add(KubernetesResource published, ServiceShape shape)
    {
        var container = published.Workload!.PodTemplate.Spec.Containers[0];
        container.StartupProbe = Probe(shape, shape.Health.Ready, StartPeriod, failures: Math.Max(6, shape.Health.StartSeconds / StartPeriod));
        container.ReadinessProbe = Probe(shape, shape.Health.Ready, period: 5, failures: 2);
        // Generous: a server under load answers late, and a restart is the last thing it needs then.
        container.LivenessProbe = Probe(shape, shape.Health.Alive, period: 15, failures: 6);
        container.Lifecycle = new()
        {
            PreStop = new() { Exec = null!, HttpGet = null!, TcpSocket = null!, Sleep = new() { Seconds = LeaveSeconds } },
        };
    }

    private static ProbeV1 Probe(ServiceShape shape, string page, int period, int failures)
    {
        var probe = new ProbeV1 { PeriodSeconds = period, TimeoutSeconds = 5, FailureThreshold = failures };
        if (page.Length > 0)
        {
            probe.HttpGet = new() { Path = page, Port = new Int32OrStringV1(shape.Health.Port) };
        }
        else
        {
            probe.Exec = new();
            probe.Exec.Command.AddRange(["/bin/sh", "-c", shape.Health.Command[1]]);
        }

        return probe;
    }
}
