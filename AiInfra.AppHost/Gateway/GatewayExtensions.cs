using System.Globalization;
using AiInfra.AppHost.Ports;
using AiInfra.AppHost.State;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>What the gateway's resource needs beyond its references.</summary>
internal static class GatewayExtensions
{
    private const int DefaultPort = 8080;

    /// <summary>
    /// The public port: <c>AppHost:Port</c>, else 8080, which applications are told once. Where 8080 is taken and nobody asked for it, the
    /// gateway moves, and says who is in its place.
    /// </summary>
    public static int? GatewayPort(this IDistributedApplicationBuilder builder)
    {
        if (builder.Configuration["AppHost:Port"] is { Length: > 0 } configured)
        {
            return int.TryParse(configured, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
                ? port
                : throw new DistributedApplicationException($"AppHost:Port is '{configured}': a port is a number from 1 to 65535.");
        }

        var moves = builder.ExecutionContext.IsRunMode && !builder.Configuration.GetValue("DcpPublisher:RandomizePorts", false) && PortOwner.IsTaken(DefaultPort);
        if (moves)
        {
            Console.WriteLine($"Port {DefaultPort} is taken by {PortOwner.Describe(DefaultPort) ?? "another process"}: "
                + "the gateway takes another one this time. Set AppHost:Port to choose.");
        }

        return moves ? null : DefaultPort;
    }

    /// <summary>One key for callers of the local platform, one for the admin listener.</summary>
    public static IResourceBuilder<T> WithOperatorKeys<T>(
        this IResourceBuilder<T> builder, IResourceBuilder<ParameterResource> apiKey, IResourceBuilder<ParameterResource> adminKey)
        where T : IResourceWithEnvironment => builder
            .WithEnvironment("Gateway__Keys__0__Id", "local")
            .WithEnvironment("Gateway__Keys__0__Key", apiKey)
            .WithEnvironment("Gateway__Keys__0__Tenant", "default")
            .WithEnvironment("Gateway__Keys__0__User", "local")
            .WithEnvironment("Admin__Key", adminKey)
            // Hashes of keys that the admin API issues: another pepper would make every one of them foreign.
            .WithEnvironment("Keys__Pepper", builder.ApplicationBuilder.AddGeneratedSecret("key-pepper", GeneratedSecrets.Pepper));

    /// <summary>Where the gateway keeps the journal of what was used, until Redis has it.</summary>
    public static IResourceBuilder<T> WithGatewayData<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment => !builder.ApplicationBuilder.ExecutionContext.IsRunMode
            ? builder
            : builder.WithEnvironment("Limits__JournalFolder", builder.ApplicationBuilder.State().Folder("gateway"));

    /// <summary>Switches off what Aspire switches on in Development: prompts in traces, and query strings in them.</summary>
    public static IResourceBuilder<T> WithPrivateTelemetry<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment => builder
            .WithEnvironment("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "false")
            .WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION", "false")
            .WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION", "false");

    /// <summary>Where the memory service keeps its records, and the model that embeds them.</summary>
    public static IResourceBuilder<T> WithMemoryData<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment => !builder.ApplicationBuilder.ExecutionContext.IsRunMode
            ? builder
            : builder
                .WithEnvironment("Memory__DataFolder", builder.ApplicationBuilder.State().Folder("memory"))
                .WithEnvironment("Embeddings__ModelFolder", Path.GetFullPath("../models/all-minilm-l6-v2", builder.ApplicationBuilder.AppHostDirectory));
}
