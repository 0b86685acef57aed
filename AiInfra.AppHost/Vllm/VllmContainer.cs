using AiInfra.AppHost.Publishing;

namespace AiInfra.AppHost.Vllm;

/// <summary>The published form of a replica: vLLM itself.</summary>
internal static class VllmContainer
{
    private const int Port = 8000;

    public static EndpointReference Add(IDistributedApplicationBuilder builder, string name, VllmPoolSettings settings, IResourceBuilder<ParameterResource> key)
    {
        var replica = builder.AddContainer(name, Images.Vllm, Images.VllmTag)
            .WithHttpEndpoint(targetPort: Port, name: "http")
            .WithHttpHealthCheck("/health")
            .WithArgs("--model", settings.Model, "--served-model-name", settings.Model, "--host", "0.0.0.0", "--port", "8000", "--enable-prompt-tokens-details")
            .WithEnvironment("VLLM_API_KEY", key)
            // One download for all replicas of a pool.
            .WithVolume("vllm-model-cache", "/root/.cache/huggingface")
            .WithPrivateTelemetry();
        return replica.GetEndpoint("http");
    }
}
