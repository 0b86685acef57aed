using System.Text.Json.Nodes;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Charts;

/// <summary>
/// Scales the gateway by its requests and a pool by its queue. Both figures come from Prometheus by an adapter for custom metrics:
/// <c>files/prometheus-adapter-values.yaml</c> are its rules.
/// </summary>
internal static class Autoscalers
{
    public const string RequestsMetric = "aiinfra_gateway_requests_per_second";
    public const string QueueMetric = "vllm_requests_waiting";

    public static string Write(Architecture architecture) => ChartObject.Numbers(string.Concat(architecture.Services
        .Where(service => service.Name == Architecture.Gateway || service.Pool is not null)
        .Select(service => ChartObject.When($".Values.autoscaling.{ChartObject.ValueName(service.Name)}.enabled", "---\n" + ChartObject.Write([Scaler(service)])))));

    private static JsonObject Scaler(ServiceShape service)
    {
        var values = $".Values.autoscaling.{ChartObject.ValueName(service.Name)}";
        var metric = service.Pool is null ? RequestsMetric : QueueMetric;
        return ChartObject.Create("autoscaling/v2", "HorizontalPodAutoscaler", service.Name, service.Name, new JsonObject
        {
            ["scaleTargetRef"] = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["name"] = $"{service.Name}-deployment" },
            ["minReplicas"] = $"{{{{ {values}.min }}}}",
            ["maxReplicas"] = $"{{{{ {values}.max }}}}",
            ["metrics"] = new JsonArray(new JsonObject
            {
                ["type"] = "Pods",
                ["pods"] = new JsonObject
                {
                    ["metric"] = new JsonObject { ["name"] = metric },
                    ["target"] = new JsonObject { ["type"] = "AverageValue", ["averageValue"] = $"{{{{ {values}.target }}}}" },
                },
            }),
            ["behavior"] = new JsonObject
            {
                // A model server that goes takes its prefix cache with it, and one that comes loads for minutes: slowly down, one at a time.
                ["scaleDown"] = new JsonObject
                {
                    ["stabilizationWindowSeconds"] = service.Pool is null ? 300 : 900,
                    ["policies"] = new JsonArray(new JsonObject { ["type"] = "Pods", ["value"] = 1, ["periodSeconds"] = 120 }),
                },
            },
        });
    }
}
