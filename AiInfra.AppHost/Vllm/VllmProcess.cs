using System.Globalization;

namespace AiInfra.AppHost.Vllm;

/// <summary>The executable form of a pool: resources <c>NAME0…n</c>, each LocalVllm behind vLLM's own command line.</summary>
internal static class VllmProcess
{
    public static IReadOnlyList<EndpointReference> Add(
        IDistributedApplicationBuilder builder, VllmPoolSettings settings, IResourceBuilder<ParameterResource> key) =>
        [.. Enumerable.Range(0, settings.Replicas).Select(number => Add(builder, $"{settings.Name}{number.ToString(CultureInfo.InvariantCulture)}", settings, key))];

    private static EndpointReference Add(
        IDistributedApplicationBuilder builder, string name, VllmPoolSettings settings, IResourceBuilder<ParameterResource> key)
    {
        var replica = builder.AddDotnetProject(name, "../AiInfra.LocalVllm/AiInfra.LocalVllm.csproj")
            .WithHttpEndpoint()
            .WithHttpHealthCheck("/health");
        var http = replica.GetEndpoint("http");
        replica
            .WithArgs(
                "serve", settings.Model, "--host", "127.0.0.1", "--port", http.Property(EndpointProperty.TargetPort),
                "--served-model-name", settings.Model, "--engine", settings.Engine, "--enable-prompt-tokens-details")
            .WithArgs(settings.Folder is { } folder ? new[] { "--model-folder", folder } : [])
            .WithEnvironment("VLLM_API_KEY", key)
            .WithPrivateTelemetry();
        return http;
    }
}
