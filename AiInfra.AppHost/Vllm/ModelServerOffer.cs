using System.Globalization;
using AiInfra.AppHost.Vllm;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Says in one line which model servers already run on this machine. They are never used unasked.</summary>
internal static class ModelServerOffer
{
    /// <summary>
    /// <c>AppHost:ModelProbePorts</c>: ports on loopback that are asked for <c>/v1/models</c>, separated by commas; nothing asks none. Default:
    /// those of Ollama, llama-server and vLLM.
    /// </summary>
    private const string Setting = "AppHost:ModelProbePorts";

    private const string DefaultPorts = "11434,8080,8081,8000";

    /// <exception cref="DistributedApplicationException">A port is none.</exception>
    public static void Add(IDistributedApplicationBuilder builder)
    {
        var ports = Ports(builder.Configuration[Setting] ?? DefaultPorts);
        if (ports.Count == 0 || builder.Configuration.GetValue("AppHost:Quiet", false))
        {
            return;
        }

        // Asked while everything starts, and before the gateway takes its own port.
        var search = ModelServers.FindOnLoopbackAsync(ports, CancellationToken.None);
        builder.Eventing.Subscribe<AfterResourcesCreatedEvent>(async (_, cancellationToken) =>
        {
            if (await search.WaitAsync(cancellationToken) is { Count: > 0 } found)
            {
                var offers = found.Select(server => $"--AppHost:ModelEndpoint={server.Server.GetLeftPart(UriPartial.Authority)} (it serves {server.Models[0]})");
                Console.WriteLine($"Another model server runs on this machine; start with this to use it: {string.Join(" or ", offers)}.");
            }
        });
    }

    private static List<int> Ports(string text) =>
    [
        .. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(part =>
            int.TryParse(part, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
                ? port
                : throw new DistributedApplicationException($"{Setting} is '{text}': ports from 1 to 65535, separated by commas.")),
    ];
}
