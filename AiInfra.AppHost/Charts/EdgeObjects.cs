using System.Text.Json.Nodes;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Charts;

/// <summary>How callers come in, and how a Prometheus of the cluster's own finds the metrics.</summary>
internal static class EdgeObjects
{
    public static string Ingress()
    {
        var ingress = ChartObject.Create("networking.k8s.io/v1", "Ingress", "gateway", Architecture.Gateway, new JsonObject
        {
            ["ingressClassName"] = "{{ .Values.ingress.className }}",
            ["tls"] = new JsonArray(new JsonObject
            {
                ["hosts"] = new JsonArray("{{ .Values.ingress.host }}"),
                ["secretName"] = "{{ .Values.ingress.tlsSecret }}",
            }),
            ["rules"] = new JsonArray(new JsonObject
            {
                ["host"] = "{{ .Values.ingress.host }}",
                ["http"] = new JsonObject
                {
                    ["paths"] = new JsonArray(new JsonObject
                    {
                        ["path"] = "/",
                        ["pathType"] = "Prefix",
                        ["backend"] = new JsonObject
                        {
                            ["service"] = new JsonObject { ["name"] = "gateway-service", ["port"] = new JsonObject { ["number"] = 8080 } },
                        },
                    }),
                },
            }),
        });
        var text = ChartObject.Write([ingress]).Replace(
            "spec:\n", "  annotations:\n    {{- toYaml .Values.ingress.annotations | nindent 4 }}\nspec:\n", StringComparison.Ordinal);
        return ChartObject.When(".Values.ingress.enabled", text);
    }

    public static string ServiceMonitors(Architecture architecture) => ChartObject.When(
        ".Values.serviceMonitors.enabled",
        ChartObject.Write(architecture.Services
            .Where(service => service.IsOurs || service.Pool is not null || service.Name == Architecture.RedisExporter)
            .Select(service => ChartObject.Create("monitoring.coreos.com/v1", "ServiceMonitor", service.Name, service.Name, new JsonObject
            {
                ["selector"] = ChartObject.Selector(service.Name),
                ["endpoints"] = new JsonArray(new JsonObject { ["port"] = service.Ports.ContainsKey("internal") ? "internal" : "http", ["interval"] = "15s" }),
            }))));
}
