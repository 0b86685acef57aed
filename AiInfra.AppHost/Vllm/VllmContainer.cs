using System.Globalization;
using AiInfra.AppHost.Publishing;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Vllm;

/// <summary>The published form of a pool: vLLM itself.</summary>
internal static class VllmContainer
{
    private const string HubToken = "hf-token";

    /// <summary>
    /// A server's shell: its keys come as variables or as files, and never as arguments, which every process can read. Its spans join the
    /// trace of the gateway's call where a collector is named.
    /// </summary>
    private const string Start = """
        [ "$VLLM_API_KEY" ] || read -r VLLM_API_KEY < /run/secrets/VLLM_API_KEY; [ "$HF_TOKEN" ] || read -r HF_TOKEN < /run/secrets/HF_TOKEN; export VLLM_API_KEY HF_TOKEN; [ ! "$OTEL_EXPORTER_OTLP_ENDPOINT" ] || set -- "$@" --otlp-traces-endpoint "$OTEL_EXPORTER_OTLP_ENDPOINT"; exec vllm serve "$@"
        """;

    public static IReadOnlyList<EndpointReference> Add(
        IDistributedApplicationBuilder builder, VllmPoolSettings settings, IResourceBuilder<ParameterResource> key) =>
        // Compose gives each server GPUs of its own, so each has a name; Kubernetes schedules copies of one.
        PublishingTarget.Of(builder) == PublishingTarget.Compose
            ? [.. Enumerable.Range(0, settings.Replicas).Select(number => Add(
                builder, new($"{settings.Name}{number.ToString(CultureInfo.InvariantCulture)}", settings.Name, 1, settings.Gpus, settings.GpuKind), settings, key))]
            : [Add(builder, new(settings.Name, settings.Name, settings.Replicas, settings.Gpus, settings.GpuKind), settings, key)];

    private static EndpointReference Add(
        IDistributedApplicationBuilder builder, ModelServer server, VllmPoolSettings settings, IResourceBuilder<ParameterResource> key)
    {
        var image = server.Gpus > 0 ? Images.Vllm : Images.VllmCpu;
        var replica = builder.AddContainer(server.Name, $"{image.Registry}/{image.Name}", image.Tag)
            .WithPin(image)
            .WithEntrypoint("/bin/sh")
            .WithHttpEndpoint(targetPort: Architecture.ModelPort, name: "http")
            .WithHttpHealthCheck("/health")
            .WithArgs("-c", Start.Trim(), "vllm", settings.Model, "--served-model-name", settings.Model, "--host", "0.0.0.0", "--port", "8000")
            .WithArgs("--enable-prompt-tokens-details", "--shutdown-timeout", "60")
            .WithArgs([.. server.Gpus > 1 ? ["--tensor-parallel-size", server.Gpus.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(), .. settings.Arguments])
            .WithEnvironment("VLLM_API_KEY", key)
            .WithEnvironment("HF_TOKEN", builder.AddSharedSecret(HubToken))
            // One download for all servers of a pool. Everything that vLLM compiles goes there too: the rest of the image is read-only,
            // and the user it runs as has no entry in /etc/passwd, so that PyTorch has to be told a name.
            .WithEnvironment("HF_HOME", "/models/huggingface")
            .WithEnvironment("VLLM_CACHE_ROOT", "/models/vllm")
            .WithEnvironment("HOME", "/tmp")
            .WithEnvironment("USER", "vllm")
            .WithEnvironment("VLLM_NO_USAGE_STATS", "1")
            // The gateway looks at the host of a picture's address; a redirect would lead past it.
            .WithEnvironment("VLLM_MEDIA_URL_ALLOW_REDIRECTS", "0")
            .WithOtlpExporter().WithPrivateTelemetry()
            .WithAnnotation(new ModelServerAnnotation(server));
        return replica.GetEndpoint("http");
    }
}
