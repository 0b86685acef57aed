using System.Globalization;
using System.Text;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Charts;

/// <summary>What an operator sets, behind the values that Aspire writes for images, settings and secrets.</summary>
internal static class ChartValues
{
    public static string Write(Architecture architecture)
    {
        var text = new StringBuilder("""

            # ---- What an operator sets. Secrets stand above, empty: deploy/compose/make-secrets.sh --helm writes a file with all of them. ----

            # Names of Secrets that exist already, by service; the chart then makes none for it. Keys as in templates/SERVICE/secrets.yaml.
            existingSecrets: {}

            # Annotations of every pod, such as linkerd.io/inject: enabled or sidecar.istio.io/inject: "true" for mutual TLS by a mesh.
            podAnnotations: {}

            # The way in. Off: the gateway is reached inside the cluster only.
            ingress:
              enabled: false
              className: nginx
              # The namespace of the ingress controller: nothing outside the release but that may reach the gateway.
              namespace: ingress-nginx
              host: ai.example.com
              tlsSecret: aiinfra-tls
              # For streams: no buffering, and an hour until a silent connection ends. These are those of ingress-nginx.
              annotations:
                nginx.ingress.kubernetes.io/proxy-buffering: "off"
                nginx.ingress.kubernetes.io/proxy-request-buffering: "off"
                nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"
                nginx.ingress.kubernetes.io/proxy-send-timeout: "3600"
                nginx.ingress.kubernetes.io/proxy-body-size: 32m

            egress:
              # Model servers may fetch weights by HTTPS. Switch off once the cache holds them.
              models: true

            storage:
              # Empty: the cluster's default. Redis wants a disk that syncs when asked to.
              className: ""
              # For the model cache, which all servers mount at once (ReadWriteMany).
              sharedClassName: ""

            # For a Prometheus Operator in the cluster, beside the chart's own Prometheus.
            serviceMonitors:
              enabled: false
              namespace: monitoring

            # Instances, where no autoscaler decides.
            replicas:

            """);
        foreach (var service in Scalable(architecture))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {ChartObject.ValueName(service.Name)}: {service.Replicas}\n");
        }

        text.Append("""

            # By requests (gateway) or waiting requests (pools) per instance. Needs an adapter for custom metrics with the rules in
            # files/prometheus-adapter-values.yaml.
            autoscaling:

            """);
        foreach (var service in Scalable(architecture))
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                  {{ChartObject.ValueName(service.Name)}}:
                    enabled: false
                    min: {{Math.Max(2, service.Replicas)}}
                    max: {{Math.Max(4, service.Replicas * 2)}}
                    target: "{{(service.Pool is null ? 100 : 5)}}"

                """);
        }

        text.Append("\n# What each service may use, and what is reserved for it.\nresources:\n");
        foreach (var service in architecture.Services)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                  {{ChartObject.ValueName(service.Name)}}:
                    limits: { cpu: "{{service.Cores}}", memory: {{service.Megabytes}}Mi }
                    requests: { cpu: "{{service.Cores / 2}}", memory: {{service.Megabytes / 2}}Mi }

                """);
        }

        return text.ToString();
    }

    public static IEnumerable<ServiceShape> Scalable(Architecture architecture) =>
        architecture.Services.Where(service => service.Name == Architecture.Gateway || service.Pool is not null);
}
