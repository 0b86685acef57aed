using System.Diagnostics;
using System.Net.Sockets;
using AiInfra.AppHost.Instances;

namespace AiInfra.Bench.Startup;

/// <summary>
/// Finds out by itself when a service answers, without asking the engine: from the start of its process, as the system tells it, to the
/// first good answer.
/// </summary>
internal static class ServiceProbe
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    /// <returns>What the service needed, or null when its process ended first.</returns>
    public static async Task<TimeSpan?> MeasureAsync(InstanceProcess service, CancellationToken cancellationToken)
    {
        var address = new Uri(service.Url!);
        try
        {
            using var process = Process.GetProcessById(service.Id);
            var started = process.StartTime.ToUniversalTime();
            while (!await AcceptsAsync(address, cancellationToken) || !await AnswersAsync(service.Name, address, cancellationToken))
            {
                if (process.HasExited)
                {
                    return null;
                }

                await Task.Delay(Pause, cancellationToken);
            }

            return TimeProvider.System.GetUtcNow().UtcDateTime - started;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static async Task<bool> AcceptsAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(address.Host, address.Port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<bool> AnswersAsync(string name, Uri address, CancellationToken cancellationToken)
    {
        var path = name switch
        {
            "chroma" => "/api/v2/heartbeat",
            "memory" => "/health",
            _ when name.StartsWith("vllm", StringComparison.Ordinal) => "/health",
            "prometheus" or "alertmanager" => "/-/ready",
            // The gateway's health is on another listener, which opens together with this one.
            _ => null,
        };
        if (path is null)
        {
            return true;
        }

        try
        {
            using var response = await Client.GetAsync(new Uri(address, path), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
