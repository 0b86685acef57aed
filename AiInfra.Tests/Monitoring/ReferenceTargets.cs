using AiInfra.AppHost.Monitoring;

namespace AiInfra.Tests.Monitoring;

/// <summary>A platform with one target of every kind, listed and found by DNS.</summary>
internal static class ReferenceTargets
{
    public static readonly MonitoringTargets All = new(
        [
            new(JobNames.Gateway, []) { Dns = new("gateway-instances", 8081) },
            new(JobNames.Memory, [new("memory:8080")]),
            new(JobNames.Vllm, [ScrapeTarget.Replica("vllm0:8000", "vllm", "vllm0"), ScrapeTarget.Replica("vllm1:8000", "vllm", "vllm1")]),
            new(JobNames.Redis, [new("redis-exporter:9121")]),
            new(JobNames.Node, [new("node-exporter:9100")]),
            new(JobNames.Gpu, [new("dcgm-exporter:9400")]),
            new(JobNames.Prometheus, [new("localhost:9090")]),
            new(JobNames.Alertmanager, [new("alertmanager:9093")]),
        ],
        "alertmanager:9093");

    public static Dictionary<string, string> RuleTexts(MonitoringSettings settings) => RuleFiles.Write(All, settings).ToDictionary();
}
