using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Charts;

/// <summary>Every file of the chart that Aspire does not write, by its path.</summary>
internal static class ChartFiles
{
    /// <param name="architecture">The services and the arrows between them.</param>
    /// <param name="monitoring">The monitoring stack's files, as Kubernetes sees the platform.</param>
    public static IReadOnlyDictionary<string, string> Write(Architecture architecture, IReadOnlyDictionary<string, string> monitoring)
    {
        var files = monitoring.ToDictionary(file => $"{MonitoringFileObjects.Folder}/{file.Key}", file => file.Value);
        files["files/prometheus-adapter-values.yaml"] = AdapterRules;
        files["templates/platform/autoscalers.yaml"] = Autoscalers.Write(architecture);
        files["templates/platform/disruption-budgets.yaml"] = ServiceObjects.DisruptionBudgets(architecture);
        files["templates/platform/gateway-pods.yaml"] = ServiceObjects.GatewayPods();
        files["templates/platform/ingress.yaml"] = EdgeObjects.Ingress();
        files["templates/platform/monitoring-files.yaml"] = MonitoringFileObjects.Write(architecture, monitoring.Keys);
        files["templates/platform/network-policies.yaml"] = NetworkPolicies.Write(architecture);
        files["templates/platform/service-accounts.yaml"] = ServiceObjects.Accounts(architecture);
        files["templates/platform/service-monitors.yaml"] = EdgeObjects.ServiceMonitors(architecture);
        files["templates/platform/volume-claims.yaml"] = ServiceObjects.VolumeClaims(architecture);
        files["templates/NOTES.txt"] = Notes;
        return files;
    }

    private const string AdapterRules = """
        # Values for the chart prometheus-community/prometheus-adapter: the two figures that the autoscalers read.
        prometheus:
          url: http://prometheus-service
          port: 9090
        rules:
          default: false
          custom:
            - seriesQuery: 'http_server_request_duration_seconds_count{job="gateway"}'
              resources: { overrides: { namespace: { resource: namespace }, pod: { resource: pod } } }
              name: { as: aiinfra_gateway_requests_per_second }
              metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)'
            - seriesQuery: 'vllm:num_requests_waiting'
              resources: { overrides: { namespace: { resource: namespace }, pod: { resource: pod } } }
              name: { as: vllm_requests_waiting }
              metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'

        """;

    private const string Notes = """
        {{- if .Values.ingress.enabled }}
        The gateway answers at https://{{ .Values.ingress.host }}/v1.
        {{- else }}
        The gateway answers inside the cluster at http://gateway-service.{{ .Release.Namespace }}:8080/v1.
        From your machine: kubectl --namespace {{ .Release.Namespace }} port-forward service/gateway-service 8080:8080
        {{- end }}
        Keys are issued on the admin listener: kubectl --namespace {{ .Release.Namespace }} port-forward deployment/gateway-deployment 8082:8082

        """;
}
