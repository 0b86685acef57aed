using System.Net;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Forwarding;

/// <summary>The connections to replicas and to the memory service.</summary>
internal sealed class UpstreamClient(IOptions<ForwardingOptions> options) : IDisposable
{
    // Not from the factory: its resilience handler repeats POSTs and cuts long answers.
    public HttpMessageInvoker Invoker { get; } = new(NewHandler(options.Value));

    /// <summary>Connections of their own for probes, so that they never wait behind requests, nor appear among them in metrics.</summary>
    public HttpMessageInvoker Probes { get; } = new(NewHandler(options.Value));

    public void Dispose()
    {
        Invoker.Dispose();
        Probes.Dispose();
    }

    private static SocketsHttpHandler NewHandler(ForwardingOptions options) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionIdleTimeout = options.PooledConnectionIdleTimeout,
        // An answer that is not wanted any more must stop the engine: close, never drain.
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
    };
}
